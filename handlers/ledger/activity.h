/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sessions of a mailbox beside its ledger, a line each, as they stood in
 * the spools: not signed, and kept for so long only. A file a day, or several.
 */
#ifndef RESTANTE_HANDLERS_LEDGER_ACTIVITY_H
#define RESTANTE_HANDLERS_LEDGER_ACTIVITY_H

#include "handlers/ledger/book.h"

/* One line without its LF; it is there for good with book_commit(). */
int activity_add(struct book *b, const char *text, size_t n,
		 struct err *e) MUST_USE;

/* For the book: writes what was added, and makes it durable. */
int activity_flush(struct book *b, struct err *e) MUST_USE;
int activity_sync(struct book *b, struct err *e) MUST_USE;
void activity_close(struct book *b);

#endif
