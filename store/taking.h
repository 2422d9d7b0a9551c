/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mailbox as the ledger's user takes what happened from it: its spools, its
 * admin.spool, and what lies there of which no line tells. Reads alone; every
 * line that is lent is durable already.
 */
#ifndef RESTANTE_STORE_TAKING_H
#define RESTANTE_STORE_TAKING_H

#include "store/ledger/spool_reader.h"
#include "store/store.h"

/* One spool, as long as it was when nobody was writing it. */
struct taking_spool {
	char name[ENTRY_SPOOL_SIZE]; /* "<node>.<n>", "admin.<n>" */
	uint64_t n;		     /* of its name */
	int fd;
	uint64_t size;
	bool full; /* nobody appends to it any more */
};

struct taking_list {
	struct taking_spool *list;
	size_t n;
	bool left_out; /* one could not be had in time: the next run's */
};

/*
 * The handlers' spools in the order in which they were begun, each locked for a
 * moment and synced: what lies below its size does not change any more. A torn
 * line at its end is one for good.
 */
int taking_spools(const struct mailbox *m, struct taking_list *l,
		  struct err *e) MUST_USE;

/* The same of admin.spool in a mailbox, respectively in the store. */
int taking_admin(const struct mailbox *m, struct taking_list *l,
		 struct err *e) MUST_USE;
int taking_store_admin(const struct store *s, struct taking_list *l,
		       struct err *e) MUST_USE;
void taking_release(struct taking_list *l);

/*
 * Lends a line for each message of cur/ and gone/ that has no ticket and that
 * knows() does not: as `kept by=found`, hashed now. Both directories are synced
 * before. -1 also where each() says so. despite_tickets: the line that a ticket
 * waits for may have been taken long ago, by another ledger.
 */
struct taking_finder {
	bool despite_tickets;
	bool (*knows)(void *arg, const char *ulid);
	int (*each)(void *arg, const struct entry *kept, struct err *e);
	void *arg;
};
int taking_found(struct store *s, const char *id, const struct taking_finder *f,
		 struct err *e) MUST_USE;

#endif
