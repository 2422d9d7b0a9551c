/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A ledger that takes the place of one that does not go on: it was copied,
 * lost, or restored from a backup. And the end of one whose mailbox is gone.
 * What is begun here the next run finishes.
 */
#ifndef RESTANTE_HANDLERS_LEDGER_SUCCEED_H
#define RESTANTE_HANDLERS_LEDGER_SUCCEED_H

#include "handlers/ledger/sequence.h"

/*
 * act "adopt": the ledger is whole and the mailbox is not what it was. act
 * "resume": it is not whole, or not the latest. name: a mailbox's, or "host",
 * which is closed. Moves nothing itself.
 */
int succeed_begin(struct sequence_run *r, const char *name, const char *act,
		  const char *reason, struct err *e) MUST_USE;

/* The same for `drop`; ERR_STATE: the mailbox is still there. */
int drop_begin(struct sequence_run *r, const char *id, const char *reason,
	       struct err *e) MUST_USE;

/* What is left of either, once the ledger says what it has to. */
int succeed_tell(struct sequence_run *r, struct book *b,
		 struct err *e) MUST_USE;
int drop_finish(struct sequence_run *r, const char *id, const struct memory *m,
		struct err *e) MUST_USE;

/*
 * 1: the host's ledger has checkpoints of that mailbox, of that origin unless
 * NULL, and no word that they were dropped; *c_r is the last one. 0: it has
 * not.
 */
int succeed_host_knows(const struct sequence_run *r, const char *id,
		       const char *origin, struct checkpoint *c_r,
		       struct err *e) MUST_USE;

#endif
