/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a new mailbox is to be, whoever says it. Makes none. */
#include "common/base.h"
#include "handlers/tool/create.h"

#include <limits.h>
#include <unistd.h>

#include "common/mailbox_id.h"

static int take_id(struct mailbox_conf *c, const char *text, struct err *e)
{
	if (mailbox_id_parse(text, strlen(text), c->id))
		return 0;
	return err_set(e, ERR_CONFIG,
		       "id '%s': expected mbx- and 32 hexadecimal digits",
		       text);
}

static int take_recipient(struct mailbox_conf *c, const char *text,
			  struct err *e)
{
	if (!mailbox_recipient_valid(text))
		return err_set(e, ERR_CONFIG,
			       "'%s' is no age recipient: expected age1 and "
			       "58 characters, as age-keygen prints them",
			       text);
	conf_strings_add(&c->recipients, text);
	return 0;
}

int create_take(struct mailbox_conf *c, const char *key, const char *value,
		struct err *e)
{
	if (strcmp(key, "id") == 0)
		return take_id(c, value, e);
	if (strcmp(key, "recipient") == 0)
		return take_recipient(c, value, e);
	if (strcmp(key, "target") != 0)
		return mailbox_conf_set(c, key, value, e);
	if (!mailbox_target_valid(value, e))
		return -1;
	conf_strings_add(&c->targets, value);
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
	if (access(path, F_OK) != 0)
		return 0;
	return err_set(e, ERR_STATE,
		       "a mailbox %s was here, and its ledger is: restante "
		       "ledger drop %s",
		       id, id);
}

int create_check_id(const struct tool *t, const char *id, struct err *e)
{
	struct mailbox *m = *id ? mailbox_open(t->store, id, e) : NULL;

	if (!*id || (!m && e->kind == ERR_ABSENT))
		return *id ? check_no_ledger(t, id, e) : 0;
	mailbox_close(&m);
	return err_set(e, ERR_STATE, "mailbox %s is there already", id);
}
