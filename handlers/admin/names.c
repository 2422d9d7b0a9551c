/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mailboxes by name: reads the settings of each, and changes nothing. */
#include "common/base.h"
#include "handlers/admin/names.h"

struct search {
	struct store *store;
	const char *name; /* NULL: any */
	struct conf_strings *found;
};

static int look_at(const char *id, void *arg, struct err *e UNUSED)
{
	struct search *s = arg;
	struct err unreadable;
	struct mailbox *m = mailbox_open(s->store, id, &unreadable);

	if (m && strcmp(mailbox_settings(m)->name, s->name) == 0)
		conf_strings_add(s->found, id);
	mailbox_close(&m);
	return 0;
}

static int note_name(const char *id, void *arg, struct err *e UNUSED)
{
	struct search *s = arg;
	struct err unreadable;
	struct mailbox *m = mailbox_open(s->store, id, &unreadable);

	if (m)
		conf_strings_add(s->found, mailbox_settings(m)->name);
	mailbox_close(&m);
	return 0;
}

int names_find(struct store *s, const char *name, struct conf_strings *ids_r,
	       struct err *e)
{
	struct search search = {s, name, ids_r};

	*ids_r = (struct conf_strings){.n = 0};
	return store_each_mailbox(s, look_at, &search, e);
}

int names_all(struct store *s, struct conf_strings *names_r, struct err *e)
{
	struct search search = {s, NULL, names_r};

	*names_r = (struct conf_strings){.n = 0};
	return store_each_mailbox(s, note_name, &search, e);
}

int names_check_free(struct store *s, const char *name, const char *id,
		     struct err *e)
{
	struct conf_strings ids = {.n = 0};
	int result = names_find(s, name, &ids, e);

	for (size_t i = 0; result == 0 && i < ids.n; i++)
		if (strcmp(ids.list[i], id) != 0)
			result = err_set(e, ERR_STATE,
					 "mailbox %s has the name '%s' already",
					 ids.list[i], name);
	conf_strings_release(&ids);
	return result;
}
