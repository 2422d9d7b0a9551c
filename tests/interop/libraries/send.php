<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Two messages in one session of PHPMailer, under STARTTLS, the name checked.
// Arguments: folder of the library, port, CA, sender, recipient, subject of each.
// Environment, where there is a login: MAIL_USER, MAIL_PASSWORD.
[, $library, $port, $ca, $sender, $recipient] = $argv;
foreach (['Exception', 'SMTP', 'PHPMailer'] as $class)
	require "$library/$class.php";

$mail = new PHPMailer\PHPMailer\PHPMailer(true);
$mail->isSMTP();
$mail->Host = 'localhost';
$mail->Port = (int)$port;
$mail->SMTPSecure = 'tls';
$mail->SMTPOptions = ['ssl' => ['cafile' => $ca]];
$mail->SMTPKeepAlive = true;
$mail->SMTPAuth = getenv('MAIL_USER') !== false;
$mail->Username = (string)getenv('MAIL_USER');
$mail->Password = (string)getenv('MAIL_PASSWORD');
$mail->CharSet = 'utf-8';
$mail->dsn = 'FAILURE,DELAY';
$mail->setFrom('author@sender.example');
$mail->Sender = $sender;
$mail->addAddress($recipient);
foreach (array_slice($argv, 6) as $subject) {
	$mail->Subject = $subject;
	$mail->Body = "Gr\u{fc}\u{df}e\n.\nend\n";
	$mail->send();
}
$mail->smtpClose();
