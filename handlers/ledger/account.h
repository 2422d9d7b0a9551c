/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a ledger that takes the place of another says of what that one knew:
 * each message that is not there and that nobody says has left is named.
 */
#ifndef RESTANTE_HANDLERS_LEDGER_ACCOUNT_H
#define RESTANTE_HANDLERS_LEDGER_ACCOUNT_H

#include "handlers/ledger/sequence.h"

/* Behind the lines of all spools and what was found; nothing is committed. */
int account_former(struct book *b, const struct sequence_run *r, const char *id,
		   struct err *e) MUST_USE;

#endif
