# SPDX-License-Identifier: GPL-3.0-or-later
# Two messages in one session of Net::SMTP, under STARTTLS, the name checked.
# Arguments: port, CA, sender, recipient, subject of each. Environment, where there is
# a login: MAIL_USER, MAIL_PASSWORD.
use strict;
use warnings;
use Net::SMTP;

my ($port, $ca, $sender, $recipient, @subjects) = @ARGV;
my $smtp = Net::SMTP->new('localhost', Port => $port, Hello => 'perl.example')
	or die "connect: $@";
$smtp->starttls(SSL_ca_file => $ca, SSL_verifycn_name => 'localhost')
	or die 'STARTTLS: ' . $smtp->message;
!$ENV{MAIL_USER} or $smtp->auth($ENV{MAIL_USER}, $ENV{MAIL_PASSWORD})
	or die 'AUTH: ' . $smtp->message;
for my $subject (@subjects) {
	($smtp->mail($sender, Size => 100, Bits => '8', Return => 'HDRS')
		 && $smtp->to($recipient, { Notify => ['FAILURE'] })
		 && $smtp->data("From: author\@sender.example\n",
				"Subject: $subject\n",
				"Content-Type: text/plain; charset=utf-8\n",
				"\n", "Gr\xc3\xbc\xc3\x9fe\n.\nend\n"))
		or die $smtp->message;
}
$smtp->quit;
