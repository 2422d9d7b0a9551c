/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What lies in cur/ and tmp/, read from the directories alone: the truth that
 * the index is held against. For the files of store/; no database here.
 */
#ifndef RESTANTE_STORE_LISTING_H
#define RESTANTE_STORE_LISTING_H

#include "store/mailbox_private.h"
#include "store/name.h"

struct listing_entry {
	struct message_name name;
	uint64_t sequence; /* LISTING_NO_SEQUENCE: the index does not know it */
};

#define LISTING_NO_SEQUENCE UINT64_MAX

struct listing {
	struct listing_entry *list;
	size_t n;
};

/* Scans cur/, sorted by ULID. Release it in every case. */
int listing_scan(const struct mailbox *m, struct listing *l, struct err *e);
void listing_release(struct listing *l);

/* Sorts by sequence; what has none comes last, by ULID. */
void listing_sort_by_sequence(struct listing *l);

struct tickets {
	struct ticket_name *list;
	size_t n;
};

/* Scans tmp/, in the order of ULIDs: that of arrival. Release it in any case.
 */
int tickets_scan(const struct mailbox *m, struct tickets *t, struct err *e);
void tickets_release(struct tickets *t);

enum ticket_state {
	TICKET_KEPT,	   /* its message lies in cur/ */
	TICKET_UNFINISHED, /* being written, given up, or collected already */
};

/*
 * Finds the name in cur/ that a ticket belongs to: the size follows from the
 * sealed file's length, the flags are tried. -1: it could not be looked at.
 */
int ticket_find(const struct mailbox *m, const struct ticket_name *t,
		enum ticket_state *state_r, struct message_name *name_r,
		struct err *e);

/*
 * A pending message whose writer died before it learned upstream's answer is
 * kept with flag U: a copy too many is better than one too few. 1: kept now,
 * under *name_r; 0: its writer lives, or it is no longer there.
 */
int ticket_keep_pending(const struct mailbox *m, const struct ticket_name *t,
			struct message_name *name_r, struct err *e);

/* Removes an unfinished ticket, unless its writer lives. 1: removed. */
int ticket_remove_dead(const struct mailbox *m, const struct ticket_name *t,
		       struct err *e);

/* Unlinks the ticket of that ULID, pending or not; none is no failure. */
int ticket_unlink(const struct mailbox *m, const char *ulid, struct err *e);

/*
 * Unlinks a message and its ticket, which goes first: one of a proxy's whose
 * message is gone would be taken for a copy left behind, and kept anew.
 */
int message_unlink(const struct mailbox *m, const struct message_name *name,
		   struct err *e) MUST_USE;

#endif
