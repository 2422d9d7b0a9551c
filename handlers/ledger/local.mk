# SPDX-License-Identifier: GPL-3.0-or-later
# The ledger's sequencer and signer: no session, no network, opens no message.
noinst_LIBRARIES += %D%/libledger.a
%C%_libledger_a_SOURCES = \
	%D%/account.c %D%/account.h \
	%D%/activity.c %D%/activity.h \
	%D%/announced.c %D%/announced.h \
	%D%/book.c %D%/book.h \
	%D%/expire.c %D%/expire.h \
	%D%/files.c %D%/files.h \
	%D%/finds.c %D%/finds.h \
	%D%/first.c %D%/first.h \
	%D%/former.c %D%/former.h \
	%D%/hour.c %D%/hour.h \
	%D%/key.c %D%/key.h \
	%D%/look.c %D%/look.h \
	%D%/sequence.c %D%/sequence.h \
	%D%/sight.c %D%/sight.h \
	%D%/spool_place.c %D%/spool_place.h \
	%D%/succeed.c %D%/succeed.h \
	%D%/take.c %D%/take.h \
	%D%/untold.c %D%/untold.h

handler_PROGRAMS += ledger
ledger_SOURCES = %D%/main.c
ledger_LDFLAGS = $(AM_LDFLAGS) $(WITH_MAP)
ledger_LDADD = $(LEDGER_LIBS)
