# SPDX-License-Identifier: GPL-3.0-or-later
# One file for each page or pair of pages.
noinst_LIBRARIES += %D%/libpages.a
%C%_libpages_a_SOURCES = \
	%D%/account.c \
	%D%/activity.c \
	%D%/asset.c \
	%D%/connect.c \
	%D%/delete.c \
	%D%/deleted.c \
	%D%/evidence.c \
	%D%/login.c \
	%D%/mailbox.c \
	%D%/new.c \
	%D%/overview.c \
	%D%/pages.h \
	%D%/password.c \
	%D%/recipients.c \
	%D%/reset.c \
	%D%/secret.c %D%/secret.h \
	%D%/system.c
