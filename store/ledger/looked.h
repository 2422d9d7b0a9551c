/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the ledger's daily look at its mailbox has come to, in a file beside the
 * ledger:
 *
 *	looked time= missing= differs=
 */
#ifndef RESTANTE_STORE_LEDGER_LOOKED_H
#define RESTANTE_STORE_LEDGER_LOOKED_H

#include "store/ledger/line.h"

#define LOOKED_FILE "looked"

struct looked {
	int64_t when;
	uint64_t missing; /* messages that are not there, and nobody says why */
	uint64_t differs; /* that are not what was received */
};

bool looked_write(const struct looked *l, struct buf *out) MUST_USE;
bool looked_parse(const char *text, size_t n, struct looked *l_r) MUST_USE;

/* Of the ledger in that directory. False: it has not looked yet. */
bool looked_read(int dir, struct looked *l_r) MUST_USE;

#endif
