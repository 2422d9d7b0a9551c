# SPDX-License-Identifier: GPL-3.0-or-later
# What mail clients send through. It resolves names, which a static program
# cannot do well.
noinst_LIBRARIES += %D%/libsmtp_proxy.a
%C%_libsmtp_proxy_a_SOURCES = \
	%D%/client.c %D%/client.h \
	%D%/data.c \
	%D%/envelope.c \
	%D%/greeting.c \
	%D%/login.c \
	%D%/session.c %D%/session.h \
	%D%/state.c %D%/state.h

handler_PROGRAMS += smtp-proxy
smtp_proxy_SOURCES = %D%/main.c
smtp_proxy_LDFLAGS = $(AM_LDFLAGS) $(WITH_MAP)
smtp_proxy_LDADD = $(SMTP_PROXY_LIBS)
