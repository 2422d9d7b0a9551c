/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lock file of a mailbox, for the files of store/ alone: which of its
 * bytes is locked for what, and where its records lie (docs/store.md, "The lock
 * file").
 */
#ifndef RESTANTE_STORE_LOCK_FILE_H
#define RESTANTE_STORE_LOCK_FILE_H

#include "store/mailbox_private.h"

/* The bytes of `lock` that are locked, each for one purpose. */
enum mailbox_byte {
	MAILBOX_BYTE_COUNTERS = 0, /* exclusive: writing the counters */
	MAILBOX_BYTE_COLLECT = 1,  /* exclusive: collecting, leaving */
	/* Shared: in a transaction; exclusive: deleting, a new key. */
	MAILBOX_BYTE_USE = 2,
	/* Shared: a login has opened an identity; exclusive: one changes. */
	MAILBOX_BYTE_KEYS = 3,
};

/*
 * Where the records lie; the first 128 octets were those of format 1's index.
 * Each is written by one pwrite, and fits before the
 * next one begins.
 */
enum {
	LOCK_FILE_MARK_AT = 128, /* that a new password was used: 128 octets */
	LOCK_FILE_COUNTERS_AT = 256,
	LOCK_FILE_STEADY_AT = 3072, /* the sweep's look at the clock */
	LOCK_FILE_SIZE = 4096,	    /* as it is made */
};

/*
 * For the byte of who collects: longer than a sweep keeps it, where the mailbox
 * is not a very large one. Nobody is turned away for a sweep's moment.
 */
enum { MAILBOX_COLLECT_WAIT_MS = 5000 };

/* Reads what is there of a record, respectively writes it whole. */
int lock_file_read(const struct mailbox *m, off_t at, uint8_t *out, size_t size,
		   size_t *n_r, struct err *e) MUST_USE;
int lock_file_write(const struct mailbox *m, off_t at, const uint8_t *bytes,
		    size_t n, struct err *e) MUST_USE;

/*
 * Takes a byte, waiting at most wait_ms (0: tries once). ERR_BUSY where
 * somebody else keeps it. The kernel releases it when its holder dies.
 */
int mailbox_lock_byte(const struct mailbox *m, enum mailbox_byte byte,
		      bool exclusive, unsigned wait_ms, struct err *e) MUST_USE;
void mailbox_unlock_byte(const struct mailbox *m, enum mailbox_byte byte);

int counters_write(const struct mailbox *m, const struct counters *c,
		   struct err *e);

#endif
