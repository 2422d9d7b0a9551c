/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `back` lines of admin.spool: an administrator has brought a message back, or
 * was killed while he did. Handlers read them, and cannot write them.
 */
#ifndef RESTANTE_STORE_BACK_H
#define RESTANTE_STORE_BACK_H

#include "store/ledger/spool_reader.h"
#include "store/listing.h"

/*
 * Under byte 1: what a line names and still lies in gone/ is brought back.
 * *n_r: how many.
 */
int back_finish(const struct mailbox *m, const struct listing *gone,
		size_t *n_r, struct err *e) MUST_USE;

/* What they say that no ledger may have taken yet: the newest two. */
int back_read_spools(const struct mailbox *m, const struct spool_visitor *v,
		     struct err *e) MUST_USE;

#endif
