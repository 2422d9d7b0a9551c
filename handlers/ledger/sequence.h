/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A run over one mailbox: what its spools have that its ledger has not is
 * entered, octet for octet, and signed when it is time. It judges nothing: who
 * reads the ledger sees where each line came from.
 */
#ifndef RESTANTE_HANDLERS_LEDGER_SEQUENCE_H
#define RESTANTE_HANDLERS_LEDGER_SEQUENCE_H

#include "handlers/ledger/book.h"
#include "store/store.h"

struct sequence_run {
	struct store *store;
	const struct ledger_place *place;
	struct book *host; /* where checkpoints of mailboxes are put down */
	int64_t now;
	char boot[MEMORY_BOOT_SIZE];
	bool clock_seen, clock_steady; /* of expire.c */
	int64_t look_until;	       /* on clock_ms(): no look begins then */
	bool at_once;		       /* what is new is signed now */
};

int sequence_mailbox(struct sequence_run *r, const char *id,
		     struct err *e) MUST_USE;

/* The last line of a mailbox that is no longer there. */
int sequence_deleted(struct sequence_run *r, const char *id,
		     struct err *e) MUST_USE;

/* What administrators did to the store as a whole, and the host's checkpoint.
 */
int sequence_host(struct sequence_run *r, struct err *e) MUST_USE;

#endif
