/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changing the settings of a mailbox. */
#include "common/base.h"
#include "handlers/tool/command.h"

#include "handlers/admin/names.h"
#include "handlers/tool/store.h"

/* A name used twice is good for nothing where an id is expected. */
static int check_name(const struct tool *t, const struct tool_args *a,
		      const char *name, const char *id, struct err *e)
{
	if (tool_has(a, "same-name") ||
	    names_check_free(t->store, name, id, e) == 0)
		return 0;
	return err_prefix(e, "--same-name is not given");
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
	int result;

	if (!name)
		return change_settings(t, a, set_keys, e);
	if (tool_mailbox_id(t, a->words[0], id, e) < 0 ||
	    store_hold_names(t->store, e) < 0)
		return -1;
	result = check_name(t, a, name, id, e);
	if (result == 0)
		result = change_settings(t, a, set_keys, e);
	store_let_names_go(t->store);
	return result;
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
