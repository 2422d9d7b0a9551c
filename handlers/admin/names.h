/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mailboxes by the names that people gave them. */
#ifndef RESTANTE_HANDLERS_ADMIN_NAMES_H
#define RESTANTE_HANDLERS_ADMIN_NAMES_H

#include "common/conf.h"
#include "store/store.h"

/*
 * The ids of all mailboxes of exactly that name. One whose settings cannot be
 * read has none: whoever lists it is told.
 */
int names_find(struct store *s, const char *name, struct conf_strings *ids_r,
	       struct err *e) MUST_USE;

/* The names of all mailboxes, in no order. */
int names_all(struct store *s, struct conf_strings *names_r,
	      struct err *e) MUST_USE;

/* ERR_STATE where a mailbox other than id ("": a new one) has that name. */
int names_check_free(struct store *s, const char *name, const char *id,
		     struct err *e) MUST_USE;

#endif
