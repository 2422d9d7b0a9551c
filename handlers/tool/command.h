/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shell command `restante`: one table of commands, one dispatcher. A
 * command reads its words, does one thing, and returns 0, or -1 with what
 * failed, on what, and what to do.
 */
#ifndef RESTANTE_HANDLERS_TOOL_COMMAND_H
#define RESTANTE_HANDLERS_TOOL_COMMAND_H

#include "common/conf.h"
#include "common/secret.h"
#include "handlers/tool/args.h"
#include "store/admin/admin.h"

struct tool {
	const char *conf_file;
	struct conf *conf;	/* NULL: the command needs none */
	struct store *store;	/* NULL: the command needs none */
	struct secret identity; /* of --identity, --recovery-identity */
	int csv, passwords;	/* files of a list; -1: none */
	char who[100];		/* whose changes these are */
	bool from_console;
};

enum tool_needs {
	TOOL_NEEDS_CONF = 1 << 0,  /* restante.conf, read */
	TOOL_NEEDS_STORE = 1 << 1, /* and the store, opened as its owner */
	TOOL_CHANGES = 1 << 2,	   /* only its owner, or root, may */
};

struct tool_command {
	const char *path;    /* "mailbox create" */
	const char *usage;   /* the words behind it */
	const char *about;   /* one line */
	const char *options; /* "name", "name=" with a value, by spaces */
	size_t min_words, max_words;
	unsigned needs; /* enum tool_needs */
	int (*run)(struct tool *t, const struct tool_args *a, struct err *e);
};

/* What a command may return beside 0 and -1. */
enum { TOOL_NEEDS_A_PERSON = 1 };

#define TOOL_RUN(name)                                                         \
	int tool_##name(struct tool *t, const struct tool_args *a,             \
			struct err *e)

TOOL_RUN(create); /* cmd_create.c */
TOOL_RUN(set);	  /* cmd_mailbox.c */
TOOL_RUN(suspend);
TOOL_RUN(activate);
TOOL_RUN(alias);
TOOL_RUN(undo); /* cmd_undo.c */
TOOL_RUN(hold);
TOOL_RUN(release);
TOOL_RUN(list);		 /* cmd_list.c */
TOOL_RUN(show);		 /* cmd_show.c */
TOOL_RUN(settings);	 /* cmd_settings.c */
TOOL_RUN(recipient_add); /* cmd_lists.c */
TOOL_RUN(recipient_remove);
TOOL_RUN(recipient_list);
TOOL_RUN(target_add);
TOOL_RUN(target_remove);
TOOL_RUN(target_list);
TOOL_RUN(passwd); /* cmd_password.c */
TOOL_RUN(rekey);
TOOL_RUN(reset);
TOOL_RUN(delete);
TOOL_RUN(export); /* cmd_export.c */
TOOL_RUN(sweep);  /* cmd_status.c */
TOOL_RUN(settle);
TOOL_RUN(status);
TOOL_RUN(doctor);	 /* cmd_doctor.c */
TOOL_RUN(activity);	 /* cmd_activity.c */
TOOL_RUN(store_upgrade); /* cmd_upgrade.c */
TOOL_RUN(ledger_show);	 /* cmd_ledger.c */
TOOL_RUN(ledger_checkpoint);
TOOL_RUN(ledger_key);
TOOL_RUN(ledger_verify); /* cmd_ledger_verify.c */
TOOL_RUN(ledger_proof);	 /* cmd_ledger_proof.c */
TOOL_RUN(ledger_adopt);	 /* cmd_ledger_act.c */
TOOL_RUN(ledger_resume);
TOOL_RUN(ledger_drop);
TOOL_RUN(setup);     /* cmd_setup.c */
TOOL_RUN(test);	     /* cmd_trial.c */
TOOL_RUN(admin_add); /* cmd_admin.c */
TOOL_RUN(admin_passwd);
TOOL_RUN(admin_list);
TOOL_RUN(admin_remove);
TOOL_RUN(certificate);	/* cmd_certificate.c */
TOOL_RUN(config_check); /* cmd_config.c */
TOOL_RUN(config_init);
TOOL_RUN(config_example);

#endif
