# SPDX-License-Identifier: GPL-3.0-or-later
# The console: one CGI program. Its rooms stand below; what is here joins them.
noinst_LIBRARIES += %D%/libconsole.a
%C%_libconsole_a_SOURCES = \
	%D%/context.h \
	%D%/router.c %D%/router.h \
	%D%/routes.c %D%/routes.h

include %D%/web/local.mk
include %D%/text/local.mk
include %D%/sign_in/local.mk
include %D%/parts/local.mk
include %D%/pages/local.mk

handler_PROGRAMS += console.cgi
console_cgi_SOURCES = %D%/main.c
console_cgi_LDFLAGS = $(AM_LDFLAGS) $(WITH_MAP)
console_cgi_LDADD = $(CONSOLE_LIBS)

dist_console_DATA = \
	%D%/assets/console.css \
	%D%/assets/console.js \
	%D%/assets/icon.svg
