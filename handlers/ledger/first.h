/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A ledger that nobody remembers: was it lost, or was there never one? Whoever
 * else may know is asked before anything of it is written or cut.
 */
#ifndef RESTANTE_HANDLERS_LEDGER_FIRST_H
#define RESTANTE_HANDLERS_LEDGER_FIRST_H

#include "handlers/ledger/sequence.h"

/*
 * Of a mailbox that was made then (0: long ago); asks the host's ledger.
 * ERR_DAMAGED: there was one.
 */
int first_check(const struct sequence_run *r, const struct book *b,
		int64_t created, struct err *e) MUST_USE;

/* The host's own; asks what is remembered of the others. */
int first_check_host(const struct book *b, struct err *e) MUST_USE;

#endif
