# SPDX-License-Identifier: GPL-3.0-or-later
# What the archive collects from.
noinst_LIBRARIES += %D%/libpop3_serve.a
%C%_libpop3_serve_a_SOURCES = \
	%D%/list.c \
	%D%/login.c \
	%D%/retr.c \
	%D%/session.c %D%/session.h \
	%D%/state.c %D%/state.h \
	%D%/update.c

handler_PROGRAMS += pop3-serve
pop3_serve_SOURCES = %D%/main.c
pop3_serve_LDFLAGS = $(LINK_FLAGS) $(HANDLER_LDFLAGS) $(WITH_MAP)
pop3_serve_LDADD = $(POP3_SERVE_LIBS) $(P11_ABSENT)
