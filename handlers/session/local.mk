# SPDX-License-Identifier: GPL-3.0-or-later
# What every session has, whatever it speaks.
noinst_LIBRARIES += %D%/libsession.a
%C%_libsession_a_SOURCES = \
	%D%/acceptor.c %D%/acceptor.h \
	%D%/auth_list.c %D%/auth_list.h \
	%D%/capability_list.c %D%/capability_list.h \
	%D%/crowd.c %D%/crowd.h \
	%D%/greet.c %D%/greet.h \
	%D%/listener.c %D%/listener.h \
	%D%/login_throttle.c %D%/login_throttle.h \
	%D%/program.c %D%/program.h \
	%D%/read_to_dot.c %D%/read_to_dot.h \
	%D%/renewal.c %D%/renewal.h \
	%D%/sasl.c %D%/sasl.h \
	%D%/sasl_server.c %D%/sasl_server.h \
	%D%/sasl_token.c %D%/sasl_token.h \
	%D%/server_tls.c %D%/server_tls.h \
	%D%/summary.c %D%/summary.h
