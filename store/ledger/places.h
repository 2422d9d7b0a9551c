/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far a ledger has taken each spool of its mailbox and will remember it:
 * `taken` in the ledger's folder. The sequencer writes it behind its memory;
 * who tidies spools reads it, and drops none that has more. Lines of the
 * ledger's grammar; pure functions.
 */
#ifndef RESTANTE_STORE_LEDGER_PLACES_H
#define RESTANTE_STORE_LEDGER_PLACES_H

#include "store/ledger/memory.h"

#define PLACES_FILE "taken"

enum { PLACES_OCTETS_MAX = 128 * 1024 };

struct places {
	size_t n;
	struct memory_spool list[MEMORY_SPOOLS_MAX];
};

bool places_write(const struct memory *m, struct buf *out) MUST_USE;
/* False: it is not whole; there are none. */
bool places_parse(const char *text, size_t n, struct places *p_r) MUST_USE;

/* 0: nothing of it was taken. */
uint64_t places_offset(const struct places *p, const char *spool);

#endif
