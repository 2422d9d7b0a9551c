/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A ledger on disk, for whoever reads it: `entries`, `offsets` (8 octets an
 * entry, little-endian: where its line begins) and `tiles` (32 octets an entry:
 * the hash of its leaf). Reads are bounded; what is there may be anything, and
 * says nothing until a checkpoint was looked at.
 */
#ifndef RESTANTE_STORE_LEDGER_READER_H
#define RESTANTE_STORE_LEDGER_READER_H

#include "store/ledger/line.h"
#include "store/ledger/tree.h"

enum { LEDGER_OFFSET_SIZE = 8 };

struct ledger {
	int entries, offsets, tiles;
	uint64_t octets; /* of entries, when it was opened */
	uint64_t size;	 /* entries that have an offset and a hash */
	uint64_t offsets_size, tiles_size; /* octets */
};

/* ERR_ABSENT: there is no ledger in that directory. */
int ledger_open(int dir, struct ledger *l_r, struct err *e) MUST_USE;
void ledger_close(struct ledger *l);

/* A small file of it, `checkpoint` or `vkey`, whole. ERR_ABSENT, ERR_DAMAGED.
 */
int ledger_small(int dir, const char *name, struct buf *out,
		 struct err *e) MUST_USE;

/* Line i without its LF. ERR_DAMAGED where its offset leads to none. */
int ledger_line(const struct ledger *l, uint64_t i, struct buf *out,
		struct err *e) MUST_USE;

/*
 * Goes through `entries` from their beginning, however the other two files are:
 * each() gets line i, where it begins, and its text without the LF; it returns
 * false to end it. A line that is too long ends it, and so does a torn one.
 * Returns how many were whole; -1: a read failed.
 */
int64_t ledger_each(const struct ledger *l,
		    bool (*each)(void *arg, uint64_t i, uint64_t at,
				 const char *text, size_t n),
		    void *arg, struct err *e) MUST_USE;

/* The hashes in `tiles`, and the offsets, of n entries from `first` on. */
int ledger_hashes(const struct ledger *l, uint64_t first, size_t n,
		  uint8_t *hashes_r, struct err *e) MUST_USE;
int ledger_offsets(const struct ledger *l, uint64_t first, size_t n,
		   uint8_t *offsets_r, struct err *e) MUST_USE;
int ledger_offset(const struct ledger *l, uint64_t i, uint64_t *at_r,
		  struct err *e) MUST_USE;

/* The same as what a tree is proved from. Borrows l. */
struct tree_source ledger_source(const struct ledger *l);

#endif
