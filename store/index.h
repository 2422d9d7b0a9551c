/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The index of a mailbox, for the files of store/ alone. A Berkeley DB
 * environment does not survive a killed user, so it is entered by one process
 * at a time, under byte 0, for something short, and is never the truth
 * (docs/store.md, "Entering the index").
 */
#ifndef RESTANTE_STORE_INDEX_H
#define RESTANTE_STORE_INDEX_H

#include <db.h>
#include <signal.h>

#include "store/listing.h"
#include "store/lock_file.h"
#include "store/mailbox_private.h"

enum { INDEX_BATCH = 256 }; /* messages in one transaction, at most */

struct index {
	struct mailbox *mailbox;
	DB_ENV *env;
	DB *db;
	DB_TXN *txn;
	struct marker marker;
	struct counters counters;
	bool reconcile;	   /* the records must be held against cur/ */
	char db_text[200]; /* what Berkeley DB last complained of */
	sigset_t old_mask;
	struct sigaction old_alarm;
};

/*
 * Goes in, waiting at most wait_ms: recovers or rebuilds where the marker says
 * so, and reconciles after that. ERR_BUSY, ERR_FULL, ERR_TEMP: not inside.
 * While inside: no fork, no network, no message body; a process that hangs is
 * ended after a few seconds.
 */
int index_enter(struct mailbox *m, unsigned wait_ms, struct index *ix,
		struct err *e) MUST_USE;

/*
 * Comes out. well: everything went as it should; the counters are written and
 * the marker is cleared. Otherwise the next one in recovers.
 */
int index_leave(struct index *ix, bool well, struct err *e);

/* --- for index_records.c ---------------------------------------------------
 */

/* One transaction at a time; commit does not sync (docs/store.md). */
int index_begin(struct index *ix, struct err *e) MUST_USE;
int index_commit(struct index *ix, struct err *e) MUST_USE;
void index_abort(struct index *ix);

/* The error of a Berkeley DB call that returned code. Returns -1. */
int index_error(const struct index *ix, const char *what, int code,
		struct err *e);

/* Gives the watchdog n more messages' worth of time. */
void index_more_time(struct index *ix, size_t n_messages);

/* --- what is done inside -----------------------------------------------------
 */

/*
 * Takes in all tickets there are, in the order of arrival, INDEX_BATCH in a
 * transaction. *taken_r counts new records.
 */
int index_take_in(struct index *ix, uint64_t *taken_r, struct err *e) MUST_USE;

/*
 * Scans cur/ into l and makes the records equal to it: unknown files get the
 * next sequence numbers in the order of their ULIDs, records without a file
 * go. Entries carry their sequence afterwards. The counters are set anew.
 */
int index_reconcile(struct index *ix, struct listing *l,
		    struct err *e) MUST_USE;

/* Unlinks n messages and deletes their records; *removed_r counts. */
int index_remove(struct index *ix, const struct message_name *names, size_t n,
		 size_t *removed_r, struct err *e) MUST_USE;

int index_add_activity(struct index *ix, const struct activity *a,
		       struct err *e) MUST_USE;

/* Reads the lines since then, newest first (index_activity.c). */
int index_read_activity(struct index *ix, int64_t since, int64_t until,
			struct activity_list *list, struct err *e) MUST_USE;

#endif
