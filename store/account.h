/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a process has done with a mailbox, until its lines are in a spool and
 * its counters are right. None of it is needed for a message to be kept. For
 * the files of store/.
 */
#ifndef RESTANTE_STORE_ACCOUNT_H
#define RESTANTE_STORE_ACCOUNT_H

#include "store/listing.h"

enum { ACCOUNT_FACTS_MAX = 256 }; /* then they are written, session or not */

/* Notes a message that is kept now. */
void account_note_kept(struct mailbox *m, const struct kept_fact *fact);

/* Changes the counters, under their byte. */
int account_count(const struct mailbox *m,
		  void (*change)(struct counters *c, const void *arg),
		  const void *arg, struct err *e);

/* Puts what a scan of cur/ has found in place of what was counted. */
int account_count_anew(const struct mailbox *m, const struct listing *cur,
		       int64_t changed, struct err *e);
/* When cur/ was last changed: to be asked before it is scanned. */
int64_t account_changed(const struct mailbox *m);

/* True: as many are noted as may be. */
bool account_is_full(const struct mailbox *m);

void accounts_free(struct store *s);

/* One line, as it goes into a spool. Too long a text is cut. */
bool account_activity_line(const struct activity *a, struct buf *out) MUST_USE;

#endif
