# SPDX-License-Identifier: GPL-3.0-or-later
# What the shell command and the console share.
noinst_LIBRARIES += %D%/libadmin.a
%C%_libadmin_a_SOURCES = \
	%D%/admins.c %D%/admins.h \
	%D%/become.c %D%/become.h \
	%D%/evidence_days.c %D%/evidence_days.h \
	%D%/health.c %D%/health.h \
	%D%/ledger_former.c \
	%D%/ledger_report.c \
	%D%/ledger_verify.c %D%/ledger_verify.h \
	%D%/names.c %D%/names.h \
	%D%/service_ports.c %D%/service_ports.h \
	%D%/sibling_program.c %D%/sibling_program.h \
	%D%/unit_files.c %D%/unit_files.h
