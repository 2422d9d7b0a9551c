/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How messages leave: from cur/ to gone/, once a whole, synced batch in a spool
 * names them; and how what was killed on the way is finished. All of it under
 * byte 1. For the files of store/.
 */
#ifndef RESTANTE_STORE_LEAVING_H
#define RESTANTE_STORE_LEAVING_H

#include "store/listing.h"

/* Opens gone/ into m->gone. ERR_TEMP: the mailbox is of an older format. */
int leaving_open(struct mailbox *m, struct err *e) MUST_USE;

/*
 * Every name of that message goes from cur/ to gone/, under `without_line`
 * where nothing could be written that says so. None is no failure.
 */
int leaving_move(const struct mailbox *m, const struct listing_entry *entry,
		 bool without_line, struct err *e) MUST_USE;

/*
 * Of one that a durable line names, behind leaving_sync(). Where gone/ has no
 * room for its name it is cut in cur/, which may give that room, and stays
 * where it does not: nobody lists it any more, and the next one in tries again.
 */
int leaving_move_said(const struct mailbox *m,
		      const struct listing_entry *entry,
		      struct err *e) MUST_USE;

/* Takes the mark off: a line says it now. */
int leaving_confirm(const struct mailbox *m, const struct listing_entry *entry,
		    struct err *e) MUST_USE;

/* Cuts a file to nothing: it has left, and the disk is full. */
int leaving_cut(const struct mailbox *m, const struct listing_entry *entry,
		bool without_line, struct err *e) MUST_USE;

/*
 * Back from gone/ to cur/, as message `as`: an administrator's line that is
 * durable says so.
 */
int leaving_bring_back(const struct mailbox *m,
		       const struct listing_entry *entry, const char *as,
		       struct err *e) MUST_USE;

/* Syncs cur/ and gone/. */
int leaving_sync(const struct mailbox *m, struct err *e) MUST_USE;

/*
 * Reads the spools: what a whole batch says has left is `named` from here on
 * in both listings.
 */
int leaving_mark_named(const struct mailbox *m, struct listing *cur,
		       struct listing *gone, struct err *e) MUST_USE;

struct leaving_report {
	size_t carried;	 /* whose batch was killed half way */
	size_t put_back; /* moved on a full disk, and no line says so */
};

/*
 * Finishes what the marks show: what is named and still in cur/ goes to gone/,
 * what is without a line and named loses that mark, what is without a line and
 * not named goes back to cur/, unless it was cut. cur then holds what remains;
 * it must be scanned anew where something was put back.
 */
int leaving_carry(const struct mailbox *m, struct listing *cur,
		  struct listing *gone, struct leaving_report *report_r,
		  struct err *e) MUST_USE;

#endif
