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
 * What lies in cur/ and gone/, both synced before, and is told of by nobody:
 * tell() says of what is there what the ledger knows, by the two functions
 * below; each() is lent a line for each of the others that has no ticket, as
 * `kept by=found`, hashed now. -1 also where one of them says so.
 * despite_tickets: the line that a ticket waits for may have been taken long
 * ago, by another ledger. first: a `gone by=former`, too, for what lies in
 * gone/ for good, if nobody says who took it: the line may have gone before it.
 */
struct taking_known;
struct taking_finder {
	bool despite_tickets, first;
	int (*tell)(void *arg, struct taking_known *k, struct err *e);
	int (*each)(void *arg, const struct entry *entry, struct err *e);
	void *arg;
};
int taking_found(struct store *s, const char *id, const struct taking_finder *f,
		 struct err *e) MUST_USE;

/* Nothing where it does not lie there: memory is for what does. */
void taking_know(struct taking_known *k, const char *ulid);
void taking_know_left(struct taking_known *k, const char *ulid);

#endif
