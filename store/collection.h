/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of a collection, shared by collection.c (login, snapshot,
 * deletion) and reader.c (opening messages).
 */
#ifndef RESTANTE_STORE_COLLECTION_H
#define RESTANTE_STORE_COLLECTION_H

#include "common/secret.h"
#include "store/mailbox_private.h"

struct collection {
	struct mailbox *mailbox;
	struct secret private_key;
	struct message *list;
	size_t n;
};

/* Gives message i flag D: its name in cur/ says so from now on. */
void collection_mark_damaged(struct collection *c, size_t i);

#endif
