/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new mailbox, by options or by the line of a list. */
#ifndef RESTANTE_HANDLERS_TOOL_CREATE_H
#define RESTANTE_HANDLERS_TOOL_CREATE_H

#include "handlers/tool/command.h"

/*
 * Sets one thing: id, a recipient, a target, or a KEY of `mailbox set`. Only
 * what stands in the value itself is looked at.
 */
int create_take(struct mailbox_conf *c, const char *key, const char *value,
		struct err *e) MUST_USE;

/* ERR_STATE: a mailbox of that id ("": a new one) is here, or was. */
int create_check_id(const struct tool *t, const char *id,
		    struct err *e) MUST_USE;

/* Many of them (cmd_create_list.c). */
int create_by_list(struct tool *t, const struct tool_args *a,
		   struct err *e) MUST_USE;

/* Opens the files of the list as the caller, before the owner is become. */
int create_open_files(struct tool *t, const struct tool_args *a,
		      struct err *e) MUST_USE;

#endif
