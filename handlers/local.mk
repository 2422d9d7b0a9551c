# SPDX-License-Identifier: GPL-3.0-or-later
# One folder a service, and below them the rooms that services share. A folder
# is an archive: what a program is linked with is what it is trusted with. A new
# file: one line in the local.mk of its folder.
include %D%/mail/local.mk
include %D%/smtp/local.mk
include %D%/pop3/local.mk
include %D%/session/local.mk
include %D%/admin/local.mk
include %D%/proxy/local.mk
include %D%/smtp_journal/local.mk
include %D%/pop3_serve/local.mk
include %D%/smtp_proxy/local.mk
include %D%/pop3_proxy/local.mk
include %D%/ledger/local.mk
include %D%/doctor/local.mk
include %D%/tool/local.mk
include %D%/console/local.mk

# The store's halves with what they need: who receives cannot open.
RECEIVER_LIBS = store/libstore.a common/libcommon.a $(STORE_LIBS) $(COMMON_LIBS)
OPENER_LIBS = store/libunseal.a store/libadmin.a store/libstore.a \
	common/libcommon.a \
	$(UNSEAL_LIBS) $(STORE_LIBS) $(COMMON_LIBS)

# What each program is linked with, from the top down.
SMTP_SESSION = %D%/session/libsession.a %D%/smtp/libsmtp.a %D%/mail/libmail.a
POP3_SESSION = %D%/session/libsession.a %D%/pop3/libpop3.a %D%/mail/libmail.a

SMTP_JOURNAL_LIBS = %D%/smtp_journal/libsmtp_journal.a $(SMTP_SESSION) \
	$(RECEIVER_LIBS)
POP3_SERVE_LIBS = %D%/pop3_serve/libpop3_serve.a $(POP3_SESSION) $(OPENER_LIBS)
SMTP_PROXY_LIBS = %D%/smtp_proxy/libsmtp_proxy.a %D%/proxy/libproxy.a \
	$(SMTP_SESSION) $(RECEIVER_LIBS)
POP3_PROXY_LIBS = %D%/pop3_proxy/libpop3_proxy.a %D%/proxy/libproxy.a \
	$(POP3_SESSION) $(RECEIVER_LIBS)
LEDGER_LIBS = %D%/ledger/libledger.a store/libstore.a \
	common/libcommon.a $(STORE_LIBS) $(CONFUSE_LIBS)
TOOL_LIBS = %D%/tool/libtool.a %D%/doctor/libdoctor.a %D%/admin/libadmin.a %D%/mail/libmail.a \
	$(OPENER_LIBS) $(CRYPT_LIBS) $(JANSSON_LIBS)

# The console changes settings, opens no mail and speaks no TLS: libunseal.a is
# not among these, nor GnuTLS, which would take longer to load than a page to
# write.
CONSOLE_ROOMS = %D%/console/libconsole.a %D%/console/pages/libpages.a \
	%D%/console/parts/libparts.a %D%/console/sign_in/libsign_in.a \
	%D%/console/web/libweb.a %D%/console/text/libtext.a
CONSOLE_LIBS = $(CONSOLE_ROOMS) %D%/admin/libadmin.a \
	store/libadmin.a store/libstore.a \
	common/libcommon.a $(STORE_LIBS) $(CONFUSE_LIBS) $(CRYPT_LIBS)

# Everything there is, for the tests.
ALL_LIBS = $(CONSOLE_ROOMS) %D%/ledger/libledger.a %D%/tool/libtool.a %D%/doctor/libdoctor.a \
	%D%/admin/libadmin.a %D%/smtp_journal/libsmtp_journal.a %D%/pop3_serve/libpop3_serve.a \
	%D%/smtp_proxy/libsmtp_proxy.a %D%/pop3_proxy/libpop3_proxy.a \
	%D%/proxy/libproxy.a %D%/session/libsession.a %D%/smtp/libsmtp.a \
	%D%/pop3/libpop3.a %D%/mail/libmail.a $(OPENER_LIBS) $(CRYPT_LIBS) \
	$(JANSSON_LIBS)

# Every key with its default, printed by the table that reads them.
doc_DATA = %D%/restante.conf
CLEANFILES += %D%/restante.conf
%D%/restante.conf: mailbox-tool$(EXEEXT)
	$(AM_V_at)$(MKDIR_P) %D%
	$(AM_V_GEN)./mailbox-tool$(EXEEXT) config example >$@.new || \
		echo '# Printed by: restante config example' >$@.new
	$(AM_V_at)mv -f $@.new $@
