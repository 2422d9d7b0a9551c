/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * admin.spool: one line for each change that an administrator makes, in the
 * grammar of the ledger, synced before the change is made. Handlers
 * cannot write it.
 *
 *	KIND time= by=administrator who= how= what= …
 */
#ifndef RESTANTE_STORE_ADMIN_SPOOL_H
#define RESTANTE_STORE_ADMIN_SPOOL_H

#include "common/buf.h"
#include "common/err.h"
#include "store/ledger/line.h"

struct store;

/* A line being made. Add what is special to its kind to w. */
struct admin_line {
	struct buf text;
	struct line_writer w;
};

void admin_line_begin(struct admin_line *l, const struct store *s,
		      const char *kind, const char *what);

/*
 * Several by one write: each is added to lines, which frees it; false: it does
 * not fit.
 */
bool admin_lines_add(struct buf *lines, struct admin_line *l) MUST_USE;
int admin_lines_write(const struct buf *lines, int dir, struct err *e) MUST_USE;

/* Appends it to admin.spool in directory dir, synced, and frees l. */
int admin_line_write(struct admin_line *l, int dir, struct err *e) MUST_USE;

/* The same in the store's own, for what is no mailbox's; waits for others. */
int admin_line_write_of_store(struct admin_line *l, struct store *s,
			      struct err *e) MUST_USE;

#endif
