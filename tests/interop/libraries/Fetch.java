// SPDX-License-Identifier: GPL-3.0-or-later
// Empties a mailbox with JavaMail, the name checked. Arguments: port, trust store,
// "implicit" or "stls", folder for the messages. Environment: MAIL_USER,
// MAIL_PASSWORD.
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.util.Properties;
import javax.mail.Flags;
import javax.mail.Folder;
import javax.mail.Message;
import javax.mail.Session;
import javax.mail.Store;

class Fetch {
	public static void main(String[] args) throws Exception {
		System.setProperty("javax.net.ssl.trustStore", args[1]);
		System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
		boolean implicit = args[2].equals("implicit");
		String name = implicit ? "pop3s" : "pop3";
		String prefix = "mail." + name + ".";
		Properties p = new Properties();
		p.put(prefix + "host", "localhost");
		p.put(prefix + "port", args[0]);
		p.put(prefix + "starttls.required", String.valueOf(!implicit));
		p.put(prefix + "starttls.enable", String.valueOf(!implicit));
		p.put(prefix + "ssl.checkserveridentity", "true");
		try (Store store = Session.getInstance(p).getStore(name)) {
			store.connect(System.getenv("MAIL_USER"),
				      System.getenv("MAIL_PASSWORD"));
			Folder inbox = store.getFolder("INBOX");
			inbox.open(Folder.READ_WRITE);
			for (Message m : inbox.getMessages()) {
				String file = String.format("%s/%05d", args[3],
							    m.getMessageNumber());
				try (OutputStream out = new FileOutputStream(file)) {
					m.writeTo(out);
				}
				m.setFlag(Flags.Flag.DELETED, true);
			}
			inbox.close(true);
		}
	}
}
