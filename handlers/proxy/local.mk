# SPDX-License-Identifier: GPL-3.0-or-later
# What both proxies share: accounts, the dialler, copies that are kept.
noinst_LIBRARIES += %D%/libproxy.a
%C%_libproxy_a_SOURCES = \
	%D%/account.c %D%/account.h \
	%D%/dial_rules.c %D%/dial_rules.h \
	%D%/dialler.c %D%/dialler.h \
	%D%/dialler_child.c %D%/dialler_child.h \
	%D%/kept_copy.c %D%/kept_copy.h \
	%D%/login.c %D%/login.h \
	%D%/login_refusal.c %D%/login_refusal.h \
	%D%/program.c %D%/program.h \
	%D%/relay.c %D%/relay.h \
	%D%/upstream.c %D%/upstream.h \
	%D%/upstream_login.c %D%/upstream_login.h
