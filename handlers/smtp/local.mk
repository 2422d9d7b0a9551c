# SPDX-License-Identifier: GPL-3.0-or-later
# What is SMTP wherever it is spoken: replies, paths, parameters.
noinst_LIBRARIES += %D%/libsmtp.a
%C%_libsmtp_a_SOURCES = \
	%D%/address.c %D%/address.h \
	%D%/path_args.c %D%/path_args.h \
	%D%/replies.c %D%/replies.h
