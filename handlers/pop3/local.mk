# SPDX-License-Identifier: GPL-3.0-or-later
# What is POP3 wherever it is spoken.
noinst_LIBRARIES += %D%/libpop3.a
%C%_libpop3_a_SOURCES = \
	%D%/replies.c %D%/replies.h \
	%D%/top.c %D%/top.h
