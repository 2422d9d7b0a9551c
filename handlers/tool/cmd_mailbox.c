/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a mailbox and changing its settings. */
#include "common/base.h"
#include "handlers/tool/command.h"

#include <limits.h>
#include <unistd.h>

#include "handlers/admin/names.h"
#include "handlers/tool/ask.h"
#include "handlers/tool/store.h"

/* --- create --------------------------------------------------------------- */

static int take_id(const char *text, struct mailbox_conf *c, struct err *e)
{
	if (mailbox_id_parse(text, strlen(text), c->id))
		return 0;
	return err_set(e, ERR_CONFIG,
		       "--id %s: expected mbx- and 32 hexadecimal digits",
		       text);
}

static int take_create_option(const struct tool_option *o,
			      struct mailbox_conf *c, struct err *e)
{
	switch (o->name[0]) {
	case 'd': /* description= */
		return mailbox_conf_set(c, "description", o->value, e);
	case 'r': /* recipient= */
		conf_strings_add(&c->recipients, o->value);
		return 0;
	case 't': /* target= */
		if (!mailbox_target_valid(o->value, e))
			return -1;
		conf_strings_add(&c->targets, o->value);
		return 0;
	case 'i': /* id= */
		return take_id(o->value, c, e);
	default: /* porcelain, same-name */
		return 0;
	}
}

static int fill_settings(const struct tool_args *a, struct mailbox_conf *c,
			 struct err *e)
{
	if (mailbox_conf_set(c, "name", a->words[0], e) < 0 ||
	    mailbox_conf_set(c, "description", "", e) < 0)
		return -1;
	for (size_t i = 0; i < a->n_options; i++)
		if (take_create_option(&a->options[i], c, e) < 0)
			return -1;
	return 0;
}

/*
 * A ledger says what became of a mailbox for good: one that takes the id of a
 * deleted one would have to account for its mail.
 */
static int check_no_ledger(const struct tool *t, const char *id, struct err *e)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", t->conf->ledger.path, id);
	if (!*id || access(path, F_OK) != 0)
		return 0;
	return err_set(e, ERR_STATE,
		       "a mailbox %s was here, and its ledger is: restante "
		       "ledger drop %s",
		       id, id);
}

/* A name used twice is good for nothing where an id is expected. */
static int check_name(const struct tool *t, const struct tool_args *a,
		      const char *name, const char *id, struct err *e)
{
	if (tool_has(a, "same-name") ||
	    names_check_free(t->store, name, id, e) == 0)
		return 0;
	return err_prefix(e, "--same-name is not given");
}

/*
 * The password comes last: where it cannot be shown, the id has been, and the
 * mailbox can be deleted.
 */
static int show_new(const struct tool *t, const struct mailbox_conf *c,
		    const struct secret *password, bool porcelain,
		    struct err *e)
{
	printf("id: %s\naddress: %s@%s\n", c->id, c->id, t->conf->domain);
	if (tool_show_password(password, e) < 0)
		return err_prefix(e,
				  "mailbox %s was created, delete it and "
				  "create another",
				  c->id);
	if (!porcelain)
		fprintf(stderr,
			"\nThis password is shown once and stored nowhere. "
			"Without it%s nobody can read\nwhat the mailbox holds. "
			"What to enter where: restante mailbox settings ID\n",
			c->recipients.n > 1 ? ", or a recovery key," : "");
	return 0;
}

TOOL_RUN(create)
{
	struct mailbox_conf c = {.name = NULL};
	struct secret password = SECRET_EMPTY;
	int result = conf_check_domain(t->conf, e);

	if (result == 0)
		result = fill_settings(a, &c, e);
	if (result == 0)
		result = check_name(t, a, c.name, "", e);
	if (result == 0)
		result = check_no_ledger(t, c.id, e);
	if (result == 0)
		result = mailbox_create(t->store, &c,
					t->conf->identity.scrypt_log_n,
					&password, e);
	if (result == 0)
		result =
			show_new(t, &c, &password, tool_has(a, "porcelain"), e);
	secret_release(&password);
	mailbox_conf_release(&c);
	return result;
}

/* --- settings ------------------------------------------------------------- */

static int change_settings(struct tool *t, const struct tool_args *a,
			   int (*edit)(struct mailbox_conf *c, const void *arg,
				       struct err *e),
			   struct err *e)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	int result;

	if (!m)
		return -1;
	result = mailbox_update(m, edit, a, e);
	mailbox_close(&m);
	return result;
}

/* All of them or none: words[1] onwards are KEY=VALUE. */
static int set_keys(struct mailbox_conf *c, const void *arg, struct err *e)
{
	const struct tool_args *a = arg;

	for (size_t i = 1; i < a->n_words; i++) {
		const char *word = a->words[i], *equals = strchr(word, '=');
		char key[32];

		if (!equals || (size_t)(equals - word) >= sizeof(key))
			return err_set(e, ERR_CONFIG,
				       "'%s': expected KEY=VALUE", word);
		snprintf(key, sizeof(key), "%.*s", (int)(equals - word), word);
		if (mailbox_conf_set(c, key, equals + 1, e) < 0)
			return -1;
	}
	return 0;
}

/* The name that the words give, or NULL. */
static const char *new_name(const struct tool_args *a)
{
	static const char key[] = "name=";
	const char *name = NULL;

	for (size_t i = 1; i < a->n_words; i++)
		if (strncmp(a->words[i], key, sizeof(key) - 1) == 0)
			name = a->words[i] + sizeof(key) - 1;
	return name;
}

TOOL_RUN(set)
{
	char id[MAILBOX_ID_LEN + 1];
	const char *name = new_name(a);

	if (name && (tool_mailbox_id(t, a->words[0], id, e) < 0 ||
		     check_name(t, a, name, id, e) < 0))
		return -1;
	return change_settings(t, a, set_keys, e);
}

static int set_suspended(struct mailbox_conf *c, const void *arg UNUSED,
			 struct err *e UNUSED)
{
	c->suspended = true;
	return 0;
}

static int set_active(struct mailbox_conf *c, const void *arg UNUSED,
		      struct err *e UNUSED)
{
	c->suspended = false;
	return 0;
}

TOOL_RUN(suspend)
{
	return change_settings(t, a, set_suspended, e);
}

TOOL_RUN(activate)
{
	return change_settings(t, a, set_active, e);
}

/* --- alias ---------------------------------------------------------------- */

TOOL_RUN(alias)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	char alias[MAILBOX_ALIAS_LEN + 1];
	int result;

	if (!m)
		return -1;
	if (tool_has(a, "remove")) {
		result = mailbox_alias_remove(m, e);
	} else {
		result = mailbox_alias_make(m, alias, e);
		if (result == 0)
			printf("alias: %s\n", alias);
	}
	mailbox_close(&m);
	return result;
}
