# SPDX-License-Identifier: GPL-3.0-or-later
# What pages are made of.
noinst_LIBRARIES += %D%/libparts.a
%C%_libparts_a_SOURCES = \
	%D%/cache_file.c %D%/cache_file.h \
	%D%/certificate.c %D%/certificate.h \
	%D%/chart.c %D%/chart.h \
	%D%/confirm_loss.c %D%/confirm_loss.h \
	%D%/deleted.c %D%/deleted.h \
	%D%/form.c %D%/form.h \
	%D%/helper.c %D%/helper.h \
	%D%/mailbox_form.c %D%/mailbox_form.h \
	%D%/mailbox_frame.c %D%/mailbox_frame.h \
	%D%/mailbox_rows.c %D%/mailbox_rows.h \
	%D%/page.c %D%/page.h
