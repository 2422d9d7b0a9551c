# SPDX-License-Identifier: GPL-3.0-or-later
# Pure filters of mail, which know no protocol and no store.
noinst_LIBRARIES += %D%/libmail.a
%C%_libmail_a_SOURCES = \
	%D%/dot.c %D%/dot.h \
	%D%/first_line.c %D%/first_line.h \
	%D%/journal_report.c %D%/journal_report.h \
	%D%/mail_date.c %D%/mail_date.h \
	%D%/mail_head.c %D%/mail_head.h \
	%D%/mended.c %D%/mended.h \
	%D%/percent.c %D%/percent.h \
	%D%/trace.c %D%/trace.h \
	%D%/trace_copy.c %D%/trace_copy.h
