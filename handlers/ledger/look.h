/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Once a day: is what was received still there, and is it what was received?
 * What is not is entered, once, and told. It is the question of `restante
 * ledger verify`, answered by the same rules, without anybody who asks.
 */
#ifndef RESTANTE_HANDLERS_LEDGER_LOOK_H
#define RESTANTE_HANDLERS_LEDGER_LOOK_H

#include "handlers/ledger/sequence.h"

enum { LOOK_RUN_MS = 5000 }; /* then a run begins with no further mailbox */

/*
 * A part of it where it is time, behind the memory of all that was taken; what
 * is entered is durable. ERR_DAMAGED: that was something, and the text says
 * what.
 */
int look_mailbox(struct sequence_run *r, struct book *b, const char *id,
		 struct err *e) MUST_USE;

#endif
