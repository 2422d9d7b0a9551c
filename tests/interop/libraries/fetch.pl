# SPDX-License-Identifier: GPL-3.0-or-later
# Empties a mailbox with Net::POP3, the name checked. Arguments: port, CA,
# "implicit" or "stls", folder for the messages. Environment: MAIL_USER,
# MAIL_PASSWORD.
use strict;
use warnings;
use Net::POP3;

my ($port, $ca, $tls, $out) = @ARGV;
my @tls = (SSL_ca_file => $ca, SSL_verifycn_name => 'localhost');
my $pop = Net::POP3->new('localhost', Port => $port,
			 SSL => $tls eq 'implicit', @tls)
	or die "connect: $@";
$tls eq 'implicit' or $pop->starttls(@tls) or die 'STLS: ' . $pop->message;
defined $pop->login($ENV{MAIL_USER}, $ENV{MAIL_PASSWORD})
	or die 'login: ' . $pop->message;
for my $number (sort { $a <=> $b } keys %{$pop->list}) {
	my $lines = $pop->get($number) or die 'RETR: ' . $pop->message;
	open my $file, '>:raw', sprintf('%s/%05d', $out, $number) or die $!;
	print $file @$lines;
	close $file or die $!;
	$pop->delete($number) or die 'DELE: ' . $pop->message;
}
$pop->quit or die 'QUIT: ' . $pop->message;
