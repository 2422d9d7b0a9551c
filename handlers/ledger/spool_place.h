/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether a spool is the one that was taken from: a store that was restored
 * from a backup has others under the same names.
 */
#ifndef RESTANTE_HANDLERS_LEDGER_SPOOL_PLACE_H
#define RESTANTE_HANDLERS_LEDGER_SPOOL_PLACE_H

#include "store/ledger/memory.h"
#include "store/taking.h"

/* Remembers that it was taken up to there. */
int spool_place_set(struct memory *m, const struct taking_spool *t, uint64_t to,
		    struct err *e) MUST_USE;

/* 1, 0, or -1: it could not be read. */
int spool_place_fits(struct memory *m, const struct taking_spool *t,
		     struct err *e) MUST_USE;

#endif
