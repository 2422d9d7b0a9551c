/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a mailbox's own settings, quota and rate, leave for messages while they
 * are written. For the files of store/.
 */
#ifndef RESTANTE_STORE_LIMIT_H
#define RESTANTE_STORE_LIMIT_H

#include "store/mailbox_private.h"

/* What one message may have, and what of it stands in the counters. */
struct limit_grant {
	uint64_t octets;
	uint64_t held;
};

/*
 * Sees to it that octets, the whole of a message so far, are granted. ERR_QUOTA
 * where they are too many. Of several writers none gets what another one has.
 */
int limit_grant(const struct mailbox *m, uint64_t octets, struct limit_grant *g,
		struct err *e) MUST_USE;

/* The message is kept: true where it is counted now. */
bool limit_kept(const struct mailbox *m, const struct kept_fact *fact,
		struct limit_grant *g);

/* It is not. */
void limit_release(const struct mailbox *m, struct limit_grant *g);

#endif
