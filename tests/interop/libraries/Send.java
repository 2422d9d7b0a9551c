// SPDX-License-Identifier: GPL-3.0-or-later
// Two messages in one session of JavaMail, under STARTTLS, the name checked.
// Arguments: port, trust store, sender, recipient, subject of each. Environment, where
// there is a login: MAIL_USER, MAIL_PASSWORD.
import java.util.Properties;
import javax.mail.Message;
import javax.mail.Session;
import javax.mail.Transport;
import javax.mail.internet.InternetAddress;
import javax.mail.internet.MimeMessage;

class Send {
	public static void main(String[] args) throws Exception {
		System.setProperty("javax.net.ssl.trustStore", args[1]);
		System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
		Properties p = new Properties();
		p.put("mail.smtp.host", "localhost");
		p.put("mail.smtp.port", args[0]);
		p.put("mail.smtp.starttls.enable", "true");
		p.put("mail.smtp.starttls.required", "true");
		p.put("mail.smtp.ssl.checkserveridentity", "true");
		p.put("mail.smtp.from", args[2]);
		p.put("mail.smtp.dsn.notify", "FAILURE,DELAY");
		p.put("mail.smtp.submitter", "a@sender.example");
		p.put("mail.mime.allowutf8", "true");
		Session session = Session.getInstance(p);
		InternetAddress[] to = {new InternetAddress(args[3], false)};
		try (Transport transport = session.getTransport("smtp")) {
			transport.connect(System.getenv("MAIL_USER"),
					  System.getenv("MAIL_PASSWORD"));
			for (int i = 4; i < args.length; i++) {
				MimeMessage m = new MimeMessage(session);
				m.setFrom("author@sender.example");
				m.setSubject(args[i]);
				m.setText("Gr\u00fc\u00dfe\n.\nend\n", "utf-8");
				m.saveChanges();
				transport.sendMessage(m, to);
			}
		}
	}
}
