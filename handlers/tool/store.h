/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store and its mailboxes, opened as their owner. */
#ifndef RESTANTE_HANDLERS_TOOL_STORE_H
#define RESTANTE_HANDLERS_TOOL_STORE_H

#include "common/mailbox_id.h"
#include "handlers/tool/command.h"

/* Finds out who calls: before another user is become. */
void tool_learn_caller(struct tool *t);

/* Opens t->store, as the store's owner where the process is root. */
int tool_open_store(struct tool *t, unsigned needs, struct err *e) MUST_USE;

/*
 * ERR_CONFIG: the store is root's where the handlers have a user of their own,
 * who could keep nothing in it.
 */
int tool_check_owner(const char *path, struct err *e) MUST_USE;

/* Whether this process is the store's owner. */
bool tool_owns_store(const struct tool *t);

/* Root becomes the owner of path, with all groups of that user. */
int tool_become_owner_of(const char *path, struct err *e) MUST_USE;

/*
 * The same for a moment, for what root has to do as root behind it: what it
 * makes is the owner's.
 */
int tool_borrow_owner_of(const char *path, struct err *e) MUST_USE;
void tool_give_back(void);

/*
 * The id that a word means: an id itself, an address with it, or the name of
 * exactly one mailbox. ERR_ABSENT; ERR_STATE: several have that name.
 */
int tool_mailbox_id(struct tool *t, const char *word,
		    char id_r[MAILBOX_ID_LEN + 1], struct err *e) MUST_USE;

/* The mailbox that a word means. */
struct mailbox *tool_mailbox(struct tool *t, const char *id,
			     struct err *e) MUST_USE;

/*
 * Does each() with every mailbox, NULL where one cannot be opened (e tells
 * why), and says what failed but goes on. -1: one of them failed; e is the
 * first error.
 */
int tool_each_mailbox(struct tool *t,
		      int (*each)(const char *id, struct mailbox *m, void *arg,
				  struct err *e),
		      void *arg, struct err *e) MUST_USE;

#endif
