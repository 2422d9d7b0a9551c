# SPDX-License-Identifier: GPL-3.0-or-later
# The shell command. Its users and groups come from the system: never static.
noinst_LIBRARIES += %D%/libtool.a
%C%_libtool_a_SOURCES = \
	%D%/args.c %D%/args.h \
	%D%/ask.c %D%/ask.h \
	%D%/cmd_activity.c \
	%D%/cmd_admin.c \
	%D%/cmd_certificate.c %D%/cmd_certificate.h \
	%D%/cmd_config.c \
	%D%/cmd_create.c \
	%D%/cmd_create_list.c \
	%D%/cmd_doctor.c \
	%D%/cmd_export.c \
	%D%/cmd_ledger.c \
	%D%/cmd_ledger_act.c \
	%D%/cmd_ledger_proof.c \
	%D%/cmd_ledger_verify.c \
	%D%/cmd_list.c \
	%D%/cmd_lists.c \
	%D%/cmd_mailbox.c \
	%D%/cmd_password.c \
	%D%/cmd_settings.c \
	%D%/cmd_setup.c \
	%D%/cmd_show.c \
	%D%/cmd_status.c %D%/cmd_status.h \
	%D%/cmd_trial.c \
	%D%/cmd_undo.c \
	%D%/cmd_upgrade.c \
	%D%/command.h \
	%D%/create.c %D%/create.h \
	%D%/csv.c %D%/csv.h \
	%D%/json.c %D%/json.h \
	%D%/ledger.c %D%/ledger.h \
	%D%/mailbox_json.c %D%/mailbox_json.h \
	%D%/mbox.c %D%/mbox.h \
	%D%/processes.c %D%/processes.h \
	%D%/proof_readme.c %D%/proof_readme.h \
	%D%/store.c %D%/store.h \
	%D%/text.c %D%/text.h

handler_PROGRAMS += mailbox-tool
mailbox_tool_SOURCES = %D%/main.c
mailbox_tool_LDFLAGS = $(AM_LDFLAGS) $(WITH_MAP)
mailbox_tool_LDADD = $(TOOL_LIBS)
