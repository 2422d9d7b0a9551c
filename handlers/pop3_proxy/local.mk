# SPDX-License-Identifier: GPL-3.0-or-later
# What mail clients fetch through. It resolves names, which a static program
# cannot do well.
noinst_LIBRARIES += %D%/libpop3_proxy.a
%C%_libpop3_proxy_a_SOURCES = \
	%D%/client.c %D%/client.h \
	%D%/collector.c \
	%D%/fetch.c \
	%D%/list.c \
	%D%/login.c \
	%D%/session.c %D%/session.h \
	%D%/state.c %D%/state.h \
	%D%/uidl.c %D%/uidl.h

handler_PROGRAMS += pop3-proxy
pop3_proxy_SOURCES = %D%/main.c
pop3_proxy_LDFLAGS = $(AM_LDFLAGS) $(WITH_MAP)
pop3_proxy_LDADD = $(POP3_PROXY_LIBS)
