/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What store/presence*.c share. */
#ifndef RESTANTE_STORE_PRESENCE_PRIVATE_H
#define RESTANTE_STORE_PRESENCE_PRIVATE_H

#include "store/listing.h"
#include "store/presence.h"
#include "store/ticket.h"

struct presence {
	struct mailbox *mailbox; /* borrowed */
	/* An entry of them is `named` where a spool tells of it. */
	struct listing cur, gone;
	struct tickets tickets;
};

/*
 * What spools and lost/ say of what v has received, into its `told` and `lost`,
 * and of what lies there, into the listings. Nothing else of it is kept:
 * nobody's lines take room.
 */
int presence_hear(struct presence *p, struct evidence *v,
		  struct err *e) MUST_USE;

#endif
