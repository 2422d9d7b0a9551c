/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of ULIDs, for millions of them. All zero: empty. */
#ifndef RESTANTE_HANDLERS_LEDGER_ULIDS_H
#define RESTANTE_HANDLERS_LEDGER_ULIDS_H

#include "common/random_id.h"

struct ulids {
	uint8_t (*slots)[ULID_PACKED_SIZE]; /* all zero: free */
	size_t size;			    /* a power of two, or 0 */
	size_t n;
	uint64_t key; /* of the hash; chance, so that nobody chooses places */
};

void ulids_add(struct ulids *u, const char *ulid);
bool ulids_has(const struct ulids *u, const char *ulid);
void ulids_release(struct ulids *u);

#endif
