/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mailbox's `expire`: what was collected so many days ago, proved, is entered
 * as gone and put on the list that the sweep goes by (store/expiry.h).
 */
#ifndef RESTANTE_HANDLERS_LEDGER_EXPIRE_H
#define RESTANTE_HANDLERS_LEDGER_EXPIRE_H

#include "handlers/ledger/sequence.h"

/* Behind the sequencing of that mailbox. Looks once an hour. */
int expire_mailbox(struct sequence_run *r, struct book *b,
		   const struct mailbox *m, struct err *e) MUST_USE;

#endif
