# SPDX-License-Identifier: GPL-3.0-or-later
# One program per *_main.c. The sessions are a library, so that tests can hold
# one without a process. A new session file: one line in libsession.a.
noinst_LIBRARIES += %D%/libsession.a
%C%_libsession_a_SOURCES = \
	%D%/session/sasl_token.c %D%/session/sasl_token.h \
	%D%/session/sasl.c %D%/session/sasl.h \
	%D%/session/program.c %D%/session/program.h \
	%D%/smtp/address.c %D%/smtp/address.h \
	%D%/mail/dot.c %D%/mail/dot.h \
	%D%/admin/admins.c %D%/admin/admins.h \
	%D%/proxy/dial_rules.c %D%/proxy/dial_rules.h \
	%D%/proxy/dialler.c %D%/proxy/dialler.h \
	%D%/mail/first_line.c %D%/mail/first_line.h \
	%D%/admin/health.c %D%/admin/health.h \
	%D%/smtp_journal/message.c %D%/smtp_journal/message.h \
	%D%/mail/journal_report.c %D%/mail/journal_report.h \
	%D%/proxy/kept_copy.c %D%/proxy/kept_copy.h \
	%D%/session/login_throttle.c %D%/session/login_throttle.h \
	%D%/mail/mail_date.c %D%/mail/mail_date.h \
	%D%/mail/mail_head.c %D%/mail/mail_head.h \
	%D%/tool/mbox.c %D%/tool/mbox.h \
	%D%/pop3_proxy/fetch.c \
	%D%/pop3_proxy/collector.c \
	%D%/pop3_proxy/list.c \
	%D%/pop3_proxy/login.c \
	%D%/pop3_proxy/state.h \
	%D%/pop3_proxy/session.c %D%/pop3_proxy/session.h \
	%D%/pop3_proxy/uidl.c %D%/pop3_proxy/uidl.h \
	%D%/pop3/replies.c %D%/pop3/replies.h \
	%D%/pop3_serve/login.c \
	%D%/pop3_serve/update.c \
	%D%/pop3_serve/list.c \
	%D%/pop3_serve/state.h \
	%D%/pop3_serve/retr.c \
	%D%/pop3_serve/session.c %D%/pop3_serve/session.h \
	%D%/pop3/top.c %D%/pop3/top.h \
	%D%/pop3_proxy/client.c %D%/pop3_proxy/client.h \
	%D%/proxy/account.c %D%/proxy/account.h \
	%D%/proxy/login.c %D%/proxy/login.h \
	%D%/proxy/relay.c %D%/proxy/relay.h \
	%D%/session/sasl_server.c %D%/session/sasl_server.h \
	%D%/session/server_tls.c %D%/session/server_tls.h \
	%D%/admin/sibling_program.c %D%/admin/sibling_program.h \
	%D%/smtp_journal/data.c \
	%D%/smtp_journal/outcome.c \
	%D%/smtp_journal/envelope.c \
	%D%/smtp_journal/state.h \
	%D%/smtp_journal/session.c %D%/smtp_journal/session.h \
	%D%/smtp_journal/params.c %D%/smtp_journal/params.h \
	%D%/smtp_proxy/data.c \
	%D%/smtp_proxy/envelope.c \
	%D%/smtp_proxy/greeting.c \
	%D%/smtp_proxy/login.c \
	%D%/smtp_proxy/state.h \
	%D%/smtp_proxy/session.c %D%/smtp_proxy/session.h \
	%D%/smtp/replies.c %D%/smtp/replies.h \
	%D%/smtp_journal/transaction.c %D%/smtp_journal/transaction.h \
	%D%/smtp_proxy/client.c %D%/smtp_proxy/client.h \
	%D%/session/summary.c %D%/session/summary.h \
	%D%/mail/trace.c %D%/mail/trace.h \
	%D%/proxy/upstream.c %D%/proxy/upstream.h

RECEIVER_LIBS = store/libstore.a common/libcommon.a $(STORE_LIBS) $(COMMON_LIBS)
OPENER_LIBS = store/libunseal.a store/libadmin.a store/libstore.a \
	common/libcommon.a \
	$(UNSEAL_LIBS) $(STORE_LIBS) $(COMMON_LIBS)

# The stanza of a handler:
#	handler_PROGRAMS += smtp-journal
#	smtp_journal_SOURCES = %D%/smtp_journal/main.c
#	smtp_journal_LDFLAGS = $(LINK_FLAGS) $(HANDLER_LDFLAGS)
#	smtp_journal_LDADD = %D%/libsession.a $(RECEIVER_LIBS) $(P11_ABSENT)

handler_PROGRAMS += smtp-journal
smtp_journal_SOURCES = %D%/smtp_journal/main.c
smtp_journal_LDFLAGS = $(LINK_FLAGS) $(HANDLER_LDFLAGS)
smtp_journal_LDADD = %D%/libsession.a $(RECEIVER_LIBS) $(P11_ABSENT)

handler_PROGRAMS += pop3-serve
pop3_serve_SOURCES = %D%/pop3_serve/main.c
pop3_serve_LDFLAGS = $(LINK_FLAGS) $(HANDLER_LDFLAGS)
pop3_serve_LDADD = %D%/libsession.a $(OPENER_LIBS) $(P11_ABSENT)

# The proxies resolve names, which a static program cannot do well.
handler_PROGRAMS += smtp-proxy pop3-proxy
smtp_proxy_SOURCES = %D%/smtp_proxy/main.c
smtp_proxy_LDADD = %D%/libsession.a $(RECEIVER_LIBS)
pop3_proxy_SOURCES = %D%/pop3_proxy/main.c
pop3_proxy_LDADD = %D%/libsession.a $(RECEIVER_LIBS)

# The shell command. Its users and groups come from the system: never static.
handler_PROGRAMS += mailbox-tool
mailbox_tool_SOURCES = \
	%D%/tool/main.c \
	%D%/tool/tool.h \
	%D%/tool/cmd_admin.c \
	%D%/tool/args.c \
	%D%/tool/ask.c \
	%D%/tool/cmd_certificate.c \
	%D%/tool/cmd_config.c \
	%D%/tool/cmd_export.c \
	%D%/tool/cmd_lists.c \
	%D%/tool/cmd_mailbox.c \
	%D%/tool/cmd_password.c \
	%D%/tool/cmd_show.c \
	%D%/tool/cmd_status.c \
	%D%/tool/cmd_store.c \
	%D%/tool/trial.c \
	%D%/tool/text.c
mailbox_tool_LDADD = %D%/libsession.a $(OPENER_LIBS) $(CRYPT_LIBS)

include handlers/console/local.mk

# Every key with its default, printed by the table that reads them.
doc_DATA = %D%/restante.conf
CLEANFILES += %D%/restante.conf
%D%/restante.conf: mailbox-tool$(EXEEXT)
	$(AM_V_at)$(MKDIR_P) %D%
	$(AM_V_GEN)./mailbox-tool$(EXEEXT) config example >$@.new || \
		echo '# Printed by: restante config example' >$@.new
	$(AM_V_at)mv -f $@.new $@
