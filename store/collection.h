/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of a collection, shared by collection.c (login, snapshot),
 * reader.c (opening messages) and update.c (letting go of them).
 */
#ifndef RESTANTE_STORE_COLLECTION_H
#define RESTANTE_STORE_COLLECTION_H

#include "common/secret.h"
#include "store/listing.h"
#include "store/mailbox_private.h"

struct collection {
	struct mailbox *mailbox;
	struct secret private_key;
	struct listing l; /* the snapshot: of cur/, in the order of ULIDs */
	/* Of what was fetched whole, by the place in l; NULL: nothing was. */
	uint8_t (*digests)[DIGEST_SIZE];
};

/* Notes that message i was opened to its end; digest: of its sealed octets. */
void collection_note_fetched(struct collection *c, size_t i,
			     const uint8_t digest[DIGEST_SIZE]);

/* Gives message i flag D: its name in cur/ says so from now on. */
void collection_mark_damaged(struct collection *c, size_t i);

#endif
