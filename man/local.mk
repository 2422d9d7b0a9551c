# SPDX-License-Identifier: GPL-3.0-or-later
# mdoc pages, one per program and file; paths are substituted. A new page
# man/x.8.in: its line here.
man_MANS = \
	%D%/console.cgi.8 \
	%D%/ledger.8 \
	%D%/mailbox.conf.5 \
	%D%/pop3-proxy.8 \
	%D%/pop3-serve.8 \
	%D%/restante.7 \
	%D%/restante.8 \
	%D%/restante.conf.5 \
	%D%/smtp-journal.8 \
	%D%/smtp-proxy.8

SUBSTITUTED += $(man_MANS)
