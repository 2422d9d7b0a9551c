/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a mailbox: its settings are checked, then it is made as a whole. */
#include "common/base.h"
#include "handlers/tool/create.h"

#include "handlers/admin/names.h"
#include "handlers/tool/ask.h"
#include "handlers/tool/store.h"

/* --- one ------------------------------------------------------------------ */

static bool is_setting(const struct tool_option *o)
{
	static const char *const settings[] = {
		"description=", "recipient=", "target=", "id="};

	for (size_t i = 0; i < N_ELEMENTS(settings); i++)
		if (strncmp(o->name, settings[i], strlen(settings[i])) == 0)
			return true;
	return false;
}

static int fill_settings(const struct tool_args *a, struct mailbox_conf *c,
			 struct err *e)
{
	char key[16];

	if (create_take(c, "name", a->words[0], e) < 0 ||
	    create_take(c, "description", "", e) < 0)
		return -1;
	for (size_t i = 0; i < a->n_options; i++) {
		const struct tool_option *o = &a->options[i];

		snprintf(key, sizeof(key), "%.*s", (int)strcspn(o->name, "= "),
			 o->name);
		if (is_setting(o) && create_take(c, key, o->value, e) < 0)
			return -1;
	}
	return 0;
}

static int check_new(const struct tool *t, const struct tool_args *a,
		     const struct mailbox_conf *c, struct err *e)
{
	if (create_check_id(t, c->id, e) < 0)
		return -1;
	if (tool_has(a, "same-name") ||
	    names_check_free(t->store, c->name, "", e) == 0)
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

static int make_new(struct tool *t, const struct tool_args *a,
		    struct mailbox_conf *c, struct secret *password_r,
		    struct err *e)
{
	int result = store_hold_names(t->store, e);

	if (result < 0)
		return -1;
	result = check_new(t, a, c, e);
	if (result == 0)
		result = mailbox_create(t->store, c,
					t->conf->identity.scrypt_log_n,
					password_r, e);
	store_let_names_go(t->store);
	return result;
}

static int create_one(struct tool *t, const struct tool_args *a, struct err *e)
{
	struct mailbox_conf c = {.name = NULL};
	struct secret password = SECRET_EMPTY;
	int result = fill_settings(a, &c, e);

	if (result == 0)
		result = make_new(t, a, &c, &password, e);
	if (result == 0)
		result =
			show_new(t, &c, &password, tool_has(a, "porcelain"), e);
	secret_release(&password);
	mailbox_conf_release(&c);
	return result;
}

TOOL_RUN(create)
{
	bool by_list = tool_has(a, "csv");

	if (conf_check_domain(t->conf, e) < 0)
		return -1;
	if (by_list == (a->n_words == 1))
		return err_set(e, ERR_CONFIG,
			       "either the NAME of one mailbox, or --csv FILE");
	return by_list ? create_by_list(t, a, e) : create_one(t, a, e);
}
