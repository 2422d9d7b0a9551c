# SPDX-License-Identifier: GPL-3.0-or-later
# One program per *_main.c. The sessions are a library, so that tests can hold
# one without a process. A new session file: one line in libsession.a.
noinst_LIBRARIES += %D%/libsession.a
%C%_libsession_a_SOURCES = \
	%D%/dial_rules.c %D%/dial_rules.h \
	%D%/dialler.c %D%/dialler.h \
	%D%/journal_message.c %D%/journal_message.h \
	%D%/mail_head.c %D%/mail_head.h \
	%D%/proxy_login.c %D%/proxy_login.h \
	%D%/smtp_journal_data.c \
	%D%/smtp_journal_end.c \
	%D%/smtp_journal_envelope.c \
	%D%/smtp_journal_private.h \
	%D%/smtp_journal_session.c %D%/smtp_journal_session.h \
	%D%/smtp_params.c %D%/smtp_params.h \
	%D%/smtp_replies.c %D%/smtp_replies.h \
	%D%/smtp_tx.c %D%/smtp_tx.h \
	%D%/summary.c %D%/summary.h \
	%D%/trace.c %D%/trace.h \
	%D%/upstream.c %D%/upstream.h

RECEIVER_LIBS = store/libstore.a common/libcommon.a $(STORE_LIBS) $(COMMON_LIBS)
OPENER_LIBS = store/libunseal.a store/libstore.a common/libcommon.a \
	$(UNSEAL_LIBS) $(STORE_LIBS) $(COMMON_LIBS)

# The stanza of a handler:
#	handler_PROGRAMS += smtp-journal
#	smtp_journal_SOURCES = %D%/smtp_journal_main.c
#	smtp_journal_LDFLAGS = $(LINK_FLAGS) $(HANDLER_LDFLAGS)
#	smtp_journal_LDADD = %D%/libsession.a $(RECEIVER_LIBS) $(P11_ABSENT)

handler_PROGRAMS += smtp-journal
smtp_journal_SOURCES = %D%/smtp_journal_main.c
smtp_journal_LDFLAGS = $(LINK_FLAGS) $(HANDLER_LDFLAGS)
smtp_journal_LDADD = %D%/libsession.a $(RECEIVER_LIBS) $(P11_ABSENT)
