# SPDX-License-Identifier: GPL-3.0-or-later
# The SMTP receiver.
noinst_LIBRARIES += %D%/libsmtp_journal.a
%C%_libsmtp_journal_a_SOURCES = \
	%D%/data.c \
	%D%/envelope.c \
	%D%/message.c %D%/message.h \
	%D%/outcome.c \
	%D%/params.c %D%/params.h \
	%D%/session.c %D%/session.h \
	%D%/state.c %D%/state.h \
	%D%/transaction.c %D%/transaction.h

handler_PROGRAMS += smtp-journal
smtp_journal_SOURCES = %D%/main.c
smtp_journal_LDFLAGS = $(LINK_FLAGS) $(HANDLER_LDFLAGS) $(WITH_MAP)
smtp_journal_LDADD = $(SMTP_JOURNAL_LIBS) $(P11_ABSENT)
