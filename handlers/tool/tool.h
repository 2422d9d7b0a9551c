/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shell command `restante`: one table of commands, one dispatcher, and
 * what the commands share. A command reads its words, does one thing, and
 * returns 0, or -1 with what failed, on what, and what to do.
 */
#ifndef RESTANTE_HANDLERS_TOOL_TOOL_H
#define RESTANTE_HANDLERS_TOOL_TOOL_H

#include "common/conf.h"
#include "common/secret.h"
#include "store/admin.h"

/* --- what a command gets -------------------------------------------------- */

struct tool {
	const char *conf_file;
	struct conf *conf;	/* NULL: the command needs none */
	struct store *store;	/* NULL: the command needs none */
	struct secret identity; /* of --identity, --recovery-identity */
};

struct tool_option {
	const char *name;  /* begins with it, up to "=" or a space */
	const char *value; /* NULL: it takes none */
};

/* The words behind the command, its options taken out. */
struct tool_args {
	const char **words;
	size_t n_words;
	struct tool_option *options;
	size_t n_options;
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

/* --- arguments (tool_args.c) ---------------------------------------------- */

/*
 * Sorts argv into words and options, in any order; behind "--" all are words.
 * -1: e says which one is wrong.
 */
int tool_args_parse(const struct tool_command *c, int argc, char **argv,
		    struct tool_args *a_r, struct err *e) MUST_USE;
void tool_args_release(struct tool_args *a);

bool tool_has(const struct tool_args *a, const char *name);
/* The last value given, or NULL. */
const char *tool_value(const struct tool_args *a, const char *name);

/* --- people (tool_ask.c) -------------------------------------------------- */

/*
 * A password: the first line of fd 0 or, where that is a terminal, typed
 * without echo at a prompt. Nothing behind the line is read.
 */
int tool_read_password(const char *prompt, struct secret *password_r,
		       struct err *e) MUST_USE;

/* The first key of an age identity file. */
int tool_read_identity(const char *file, struct secret *key_r,
		       struct err *e) MUST_USE;

/* Asks on stderr for the id; ERR_CONFIG where another line comes from fd 0. */
int tool_confirm(const char *question, const char *id, struct err *e) MUST_USE;

/*
 * Writes "password: …" to fd 1 by itself: no stdio buffer keeps a copy. -1
 * where nobody can have read it.
 */
int tool_show_password(const struct secret *password, struct err *e) MUST_USE;

/* --- text (tool_text.c) --------------------------------------------------- */

/* "1.5 MiB". */
const char *tool_size(uint64_t octets, char out[16]);
/* "-" for 0, else ISO 8601. */
const char *tool_time(int64_t seconds, char out[24]);
/* "3 days", "2 hours". */
const char *tool_span(int64_t seconds, char out[24]);

/* A line on stderr that is written over, where that is a terminal. */
void tool_progress(const char *what, uint64_t done, uint64_t all);
void tool_progress_end(void);

/* --- the store (tool_store.c) --------------------------------------------- */

/* Opens t->store, as the store's owner where the process is root. */
int tool_open_store(struct tool *t, unsigned needs, struct err *e) MUST_USE;

/* Root becomes the owner of path, with all groups of that user. */
int tool_become_owner_of(const char *path, struct err *e) MUST_USE;

/* The mailbox of that id, or of an address with it. ERR_ABSENT. */
struct mailbox *tool_mailbox(struct tool *t, const char *id,
			     struct err *e) MUST_USE;

/*
 * Does each() with every mailbox, NULL where one cannot be opened (e tells
 * why), and says what failed but goes on. -1: one of them failed; e is the
 * first error.
 */
int tool_each_mailbox(struct tool *t,
		      int (*each)(const char *id, struct mailbox *m, void *arg,
				  struct err *e),
		      void *arg, struct err *e) MUST_USE;

/* --- certificates (cmd_certificate.c) --------------------------------------
 */

/* False: each can be read, and none is for the hostname. */
bool tool_hostname_is_certified(const struct conf *conf);

/* --- the commands --------------------------------------------------------- */

#define TOOL_RUN(name)                                                         \
	int tool_##name(struct tool *t, const struct tool_args *a,             \
			struct err *e)

TOOL_RUN(create); /* tool_mailbox.c */
TOOL_RUN(set);
TOOL_RUN(suspend);
TOOL_RUN(activate);
TOOL_RUN(list); /* tool_show.c */
TOOL_RUN(show);
TOOL_RUN(settings);
TOOL_RUN(recipient_add); /* tool_lists.c */
TOOL_RUN(recipient_remove);
TOOL_RUN(recipient_list);
TOOL_RUN(target_add);
TOOL_RUN(target_remove);
TOOL_RUN(target_list);
TOOL_RUN(passwd); /* tool_password.c */
TOOL_RUN(reset);
TOOL_RUN(delete);
TOOL_RUN(export); /* tool_export.c */
TOOL_RUN(sweep);  /* tool_status.c */
TOOL_RUN(status);
TOOL_RUN(test);	     /* tool_test.c */
TOOL_RUN(admin_add); /* tool_admin.c */
TOOL_RUN(admin_passwd);
TOOL_RUN(admin_list);
TOOL_RUN(admin_remove);
TOOL_RUN(certificate);	/* tool_certificate.c */
TOOL_RUN(config_check); /* tool_config.c */
TOOL_RUN(config_init);
TOOL_RUN(config_example);

#endif
