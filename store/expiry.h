/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages that go by themselves some days after they were collected. The
 * ledger, which knows who collected, decides, enters it, and leaves a list in
 * its own folder; it writes nothing here. The sweep moves what the list names.
 */
#ifndef RESTANTE_STORE_EXPIRY_H
#define RESTANTE_STORE_EXPIRY_H

#include "store/listing.h"

/* Lines "gone ulid= by=expiry time=", as they were entered. */
#define EXPIRY_FILE "expired"

enum {
	EXPIRY_MAX = 8192, /* messages of one list */
	EXPIRY_OCTETS_MAX = 1024 * 1024,
};

/* Lends each message of cur/ that came before then, in the order of ULIDs. */
int expiry_candidates(struct store *s, const char *id, int64_t before,
		      void (*each)(void *arg,
				   const uint8_t ulid[ULID_PACKED_SIZE]),
		      void *arg, struct err *e) MUST_USE;

/*
 * Under bytes 1 and 2: what the list names and lies in cur/ goes to gone/, if
 * the mailbox lets messages expire and is under no hold; there it is `named`.
 * The listings are as before where *n_r is 0, else what they were given anew.
 */
int expiry_act(struct mailbox *m, struct listing *cur, struct listing *gone,
	       size_t *n_r, struct err *e) MUST_USE;

/* Makes what such a list names `named` in both; how many of cur/ are. */
size_t expiry_mark(const char *text, size_t n, const struct listing *cur,
		   const struct listing *gone);

/* Whether there is a list with anything in it. */
bool expiry_waits(const struct mailbox *m);

#endif
