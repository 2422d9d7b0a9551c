/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All mailboxes with their counters, by name: one read and a look into spool/
 * each, no database. For the pages that show or offer them all. What has a
 * stamp that was seen before has the name that it had then, so that hundreds of
 * settings are not parsed for every page.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_PARTS_MAILBOX_ROWS_H
#define RESTANTE_HANDLERS_CONSOLE_PARTS_MAILBOX_ROWS_H

#include "handlers/console/context.h"

struct mailbox_row {
	char id[MAILBOX_ID_LEN + 1];
	char *name; /* the id where it cannot be read */
	bool readable;
	bool suspended;
	bool hold;
	uint64_t quota, rate; /* of mailbox.conf */
	struct counters counters;
	struct aside aside;
};

struct mailbox_rows {
	struct mailbox_row **list;
	size_t n;
};

/* -1: the store cannot be read; rows_r may be released in both cases. */
int mailbox_rows_read(const struct console *c, struct mailbox_rows *rows_r,
		      struct err *e) MUST_USE;
void mailbox_rows_release(struct mailbox_rows *rows);

/* Writes <select name="mailbox"> with all of them; chosen is an id, or "". */
void mailbox_rows_choice(struct console *c, const char *chosen);

#endif
