# SPDX-License-Identifier: GPL-3.0-or-later
# Empties a mailbox with Ruby's net/pop, which knows implicit TLS alone, the
# name checked. Arguments: port, CA, "implicit", folder for the messages.
# Environment: MAIL_USER, MAIL_PASSWORD.
require "net/pop"

port, ca, tls, out = ARGV
abort "no STLS" unless tls == "implicit"
pop = Net::POP3.new("localhost", Integer(port))
pop.enable_ssl(OpenSSL::SSL::VERIFY_PEER, ca)
pop.start(ENV.fetch("MAIL_USER"), ENV.fetch("MAIL_PASSWORD")) do |session|
  session.each_mail do |mail|
    File.binwrite(format("%s/%05d", out, mail.number), mail.pop)
    mail.delete
  end
end
