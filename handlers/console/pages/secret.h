/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page that shows a mailbox's password, once. */
#ifndef RESTANTE_HANDLERS_CONSOLE_PAGES_SECRET_H
#define RESTANTE_HANDLERS_CONSOLE_PAGES_SECRET_H

#include "handlers/console/context.h"
#include "handlers/console/parts/helper.h"

/*
 * Answers with the password that mailbox-tool printed, for the mailbox id: how
 * to keep it, and a box to tick. old: what becomes of an earlier password, or
 * NULL.
 */
void secret_shown(struct console *c, const struct helper_result *r,
		  const char *id, const char *title, const char *old);

#endif
