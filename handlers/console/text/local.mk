# SPDX-License-Identifier: GPL-3.0-or-later
# What is said, and in which language.
noinst_LIBRARIES += %D%/libtext.a
%C%_libtext_a_SOURCES = \
	%D%/catalog.c %D%/catalog.h \
	%D%/language.c %D%/language.h
