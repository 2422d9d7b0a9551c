/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What lies in a mailbox and nobody has told: it is entered as `by=found`. What
 * was told wrongly is not looked for here.
 */
#ifndef RESTANTE_HANDLERS_LEDGER_UNTOLD_H
#define RESTANTE_HANDLERS_LEDGER_UNTOLD_H

#include "handlers/ledger/sequence.h"

/* A mailbox of before has a session key that no line has named. */
int untold_key(struct book *b, const struct mailbox_conf *conf,
	       struct err *e) MUST_USE;

/*
 * Messages: a cut may have taken a ticket and the line that was not synced yet.
 * Looks once a boot, and once in the life of a ledger.
 */
int untold_messages(struct book *b, const struct sequence_run *r,
		    const char *id, struct err *e) MUST_USE;

#endif
