# SPDX-License-Identifier: GPL-3.0-or-later
# Who is signed in, and the record of what they changed.
noinst_LIBRARIES += %D%/libsign_in.a
%C%_libsign_in_a_SOURCES = \
	%D%/audit.c %D%/audit.h \
	%D%/sessions.c %D%/sessions.h \
	%D%/sign_in.c %D%/sign_in.h \
	%D%/visitor.c %D%/visitor.h
