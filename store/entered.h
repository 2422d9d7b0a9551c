/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ledger's folder of a mailbox, as the store looks into it: what of the
 * spools it has entered, and the sessions that it keeps. The ledger's user is
 * stronger than all who read here, and they read with bounds nevertheless.
 */
#ifndef RESTANTE_STORE_ENTERED_H
#define RESTANTE_STORE_ENTERED_H

#include "store/ledger/places.h"
#include "store/ledger/spool_reader.h"
#include "store/mailbox_private.h"

struct entered {
	bool at_work; /* there is a ledger: spools wait for it */
	struct places places;
};

/*
 * A ledger is at work where its key is. What cannot be told counts as one, and
 * nothing as entered: then spools stay.
 */
void entered_read(const struct mailbox *m, struct entered *e_r);

/* The sessions that it has taken from spools, from that day on. */
int entered_sessions(const struct mailbox *m, int64_t since,
		     const struct spool_visitor *v, struct err *e) MUST_USE;

#endif
