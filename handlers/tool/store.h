/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store and its mailboxes, opened as their owner. */
#ifndef RESTANTE_HANDLERS_TOOL_STORE_H
#define RESTANTE_HANDLERS_TOOL_STORE_H

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

/* The mailbox of that id, or of an address with it. ERR_ABSENT. */
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
