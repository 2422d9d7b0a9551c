/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names in tmp/: messages being written, and tickets of kept ones. For the
 * files of store/.
 */
#ifndef RESTANTE_STORE_TICKET_H
#define RESTANTE_STORE_TICKET_H

#include "common/digest.h"
#include "store/mailbox_private.h"
#include "store/name.h"

struct tickets {
	struct ticket_name *list;
	size_t n;
};

/*
 * Scans tmp/, in the order of ULIDs: that of arrival; pending ones alone where
 * that is asked for. Release it in any case.
 */
int tickets_scan(const struct mailbox *m, bool pending_alone, struct tickets *t,
		 struct err *e) MUST_USE;
void tickets_release(struct tickets *t);

/* NULL: there is none of that ULID. */
struct ticket_name *tickets_find(const struct tickets *t, const char *ulid);

enum ticket_state {
	TICKET_LIVE,	   /* its writer holds it, or it is no longer there */
	TICKET_KEPT,	   /* its message lies in cur/ or gone/ */
	TICKET_PENDING,	   /* a proxy's, whole, upstream's answer never came */
	TICKET_UNFINISHED, /* given up */
};

/* A ticket that was looked at: its file is open, and locked unless LIVE. */
struct ticket {
	struct ticket_name name;
	enum ticket_state state;
	struct message_name
		message; /* KEPT: as it lies there; PENDING: its size */
	int fd;
};

/*
 * Looks at one, under byte 1: first in cur/, then in gone/. -1: it could not be
 * looked at. Close it in any case.
 */
int ticket_look(const struct mailbox *m, const struct ticket_name *name,
		struct ticket *t_r, struct err *e) MUST_USE;
void ticket_close(struct ticket *t);

/*
 * Keeps a pending one with flag U: a copy too many is better than one too few.
 * cur/ is not synced yet.
 */
int ticket_keep_pending(const struct mailbox *m, struct ticket *t,
			struct err *e) MUST_USE;

/* SHA-256 of the sealed file. */
int ticket_digest(const struct mailbox *m, const struct ticket *t,
		  uint8_t digest_r[DIGEST_SIZE], struct err *e) MUST_USE;

int ticket_unlink(const struct mailbox *m, const struct ticket_name *name,
		  struct err *e) MUST_USE;

/*
 * Keeps every pending message whose writer is dead and that no batch names,
 * under byte 1, until clock_ms() is `end`; cur/ is synced.
 */
int tickets_keep_pending(const struct mailbox *m, int64_t end,
			 struct err *e) MUST_USE;

#endif
