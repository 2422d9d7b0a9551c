# SPDX-License-Identifier: GPL-3.0-or-later
# What is wrong with a host, found out as its users see it.
noinst_LIBRARIES += %D%/libdoctor.a
%C%_libdoctor_a_SOURCES = \
	%D%/certificates.c %D%/certificates.h \
	%D%/findings.c %D%/findings.h \
	%D%/knock.c %D%/knock.h \
	%D%/people.c %D%/people.h \
	%D%/ports.c %D%/ports.h \
	%D%/rights.c %D%/rights.h \
	%D%/rights_rules.c %D%/rights_rules.h \
	%D%/units.c %D%/units.h \
	%D%/work.c %D%/work.h
