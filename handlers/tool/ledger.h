/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the ledgers lie, opened to be read by whoever may. */
#ifndef RESTANTE_HANDLERS_TOOL_LEDGER_H
#define RESTANTE_HANDLERS_TOOL_LEDGER_H

#include "common/mailbox_id.h"
#include "handlers/tool/command.h"

enum { TOOL_LEDGER_NAME_SIZE = MAILBOX_ID_LEN + 1 };

/* The directory of all ledgers, as the store's owner where we are root. */
int tool_ledger_place(struct tool *t, struct err *e) MUST_USE;

/* What is called so is a ledger there: a mailbox's id, or "host". */
bool tool_ledger_is_name(const char *text, char name_r[TOOL_LEDGER_NAME_SIZE]);

/* The ledger that a word means: "host", or what tool_mailbox_id() takes. */
int tool_ledger_name(struct tool *t, const char *word,
		     char name_r[TOOL_LEDGER_NAME_SIZE],
		     struct err *e) MUST_USE;

/* The directory of one of them. ERR_ABSENT: there is none of that name. */
int tool_ledger_folder(int place, const char *name, struct err *e) MUST_USE;

/* Both in one, of the word. */
int tool_ledger_of(struct tool *t, const char *word, struct err *e) MUST_USE;

#endif
