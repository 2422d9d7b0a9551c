# SPDX-License-Identifier: GPL-3.0-or-later
# A request and its answer; knows no page.
noinst_LIBRARIES += %D%/libweb.a
%C%_libweb_a_SOURCES = \
	%D%/answer.c %D%/answer.h \
	%D%/html.c %D%/html.h \
	%D%/request.c %D%/request.h \
	%D%/urlencoded.c %D%/urlencoded.h
