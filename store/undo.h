/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long what was deleted stays in gone/: a mailbox's `undo` and `hold`. For
 * the files of store/.
 */
#ifndef RESTANTE_STORE_UNDO_H
#define RESTANTE_STORE_UNDO_H

#include "store/listing.h"

enum { UNDO_LINE_DAYS = 14 }; /* as long as lines stay in spools */

/* A sweep's look at gone/: what stays is counted. */
struct undo_look {
	const struct mailbox *mailbox;
	int64_t now;
	int64_t scanned; /* change of gone/, before it was listed */
	bool steady;	 /* undo_clock_is_steady() */
	uint64_t messages, octets;
	int64_t since; /* before then none of them left; 0: there is none */
};

/* Change of gone/ in ns. */
int64_t undo_changed(const struct mailbox *m);

/*
 * Looks at the clock, which is to be done in each run: a jump, and two days
 * behind it, end no undo.
 */
bool undo_clock_is_steady(const struct mailbox *m);

void undo_look_begin(struct undo_look *u, const struct mailbox *m,
		     int64_t scanned, bool steady);

/* Whether that one, whose line is durable, has to stay. */
bool undo_keeps(struct undo_look *u, const struct listing_entry *entry);

/* One that was to stay went nevertheless, to make room. */
void undo_give_up(struct undo_look *u, const struct listing_entry *entry);

/* Puts down what stays, where that has changed. */
int undo_look_end(const struct undo_look *u, struct err *e) MUST_USE;

/* Nothing is due, as the counters have it. */
bool undo_is_quiet(const struct mailbox *m, const struct counters *c);

/*
 * When it left, in seconds, by its name in gone/. False: it is not there, or
 * was cut on a full disk.
 */
bool undo_left_at(const struct mailbox *m, const struct listing_entry *entry,
		  int64_t *left_r);

#endif
