/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Session keys of mailboxes of before: asked for while the ledger knows none,
 * and believed of who has opened the mailbox alone (store/announce.h).
 */
#ifndef RESTANTE_HANDLERS_LEDGER_ANNOUNCED_H
#define RESTANTE_HANDLERS_LEDGER_ANNOUNCED_H

#include "handlers/ledger/book.h"
#include "store/store.h"

/* Each costs a computation, and anybody can write spools. */
enum { ANNOUNCED_MAX = 64 }; /* that are looked at, of one mailbox in a run */

/* Puts the question down, or takes it away. Behind the memory of the keys. */
int announced_ask(const struct book *b, const struct mailbox_conf *conf,
		  struct err *e) MUST_USE;
int announced_forget(const struct book *b, struct err *e) MUST_USE;

/*
 * A line that says which it is. Where none is known and it is true the key is
 * entered, in front of what is taken with it. False: it is nobody's word.
 */
bool announced_take(struct book *b, const struct mailbox_conf *conf,
		    const struct entry_announced *a, int *failed_r,
		    struct err *e) MUST_USE;

#endif
