/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Collects the mailboxes of a store. One that is broken does not hide others.
 */
#include "common/base.h"
#include "handlers/console/mailbox_rows.h"

#include <strings.h>

#include "common/log.h"

enum { GROW = 64 };

struct reading {
	struct store *store;
	struct mailbox_rows *rows;
};

static struct mailbox_row *add_row(struct mailbox_rows *rows, const char *id)
{
	struct mailbox_row *r, *grown;

	if (rows->n % GROW == 0) {
		grown = xcalloc(rows->n + GROW, sizeof(*grown));
		if (rows->n)
			memcpy(grown, rows->list, rows->n * sizeof(*grown));
		free(rows->list);
		rows->list = grown;
	}
	r = &rows->list[rows->n++];
	snprintf(r->id, sizeof(r->id), "%s", id);
	return r;
}

static void fill_row(struct mailbox_row *r, struct mailbox *m)
{
	const struct mailbox_conf *settings = mailbox_settings(m);
	struct err e;

	r->name = xstrdup(settings->name);
	r->suspended = settings->suspended;
	r->readable = mailbox_counters(m, &r->counters, &e) == 0;
}

static int read_row(const char *id, void *arg, struct err *e)
{
	struct reading *reading = arg;
	struct mailbox *m = mailbox_look_at(reading->store, id, e);
	struct mailbox_row *r;

	if (!m && e->kind == ERR_ABSENT)
		return 0; /* deleted since the directory was read */
	r = add_row(reading->rows, id);
	if (m)
		fill_row(r, m);
	else
		log_error("%s", e->text);
	if (!r->name)
		r->name = xstrdup(id);
	mailbox_close(&m);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct mailbox_row *x = a, *y = b;
	int order = strcasecmp(x->name, y->name);

	return order ? order : strcmp(x->id, y->id);
}

int mailbox_rows_read(struct store *s, struct mailbox_rows *rows_r,
		      struct err *e)
{
	struct reading reading = {s, rows_r};
	int result;

	*rows_r = (struct mailbox_rows){.list = NULL};
	result = store_each_mailbox(s, read_row, &reading, e);
	if (rows_r->n)
		qsort(rows_r->list, rows_r->n, sizeof(*rows_r->list), by_name);
	return result;
}

void mailbox_rows_release(struct mailbox_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		free(rows->list[i].name);
	free(rows->list);
	*rows = (struct mailbox_rows){.list = NULL};
}
