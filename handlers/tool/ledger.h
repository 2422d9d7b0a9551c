/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the ledgers lie, opened to be read by whoever may. */
#ifndef RESTANTE_HANDLERS_TOOL_LEDGER_H
#define RESTANTE_HANDLERS_TOOL_LEDGER_H

#include "common/mailbox_id.h"
#include "handlers/tool/command.h"

enum { TOOL_LEDGER_NAME_SIZE = MAILBOX_ID_LEN + 1 };

/* The directory of all ledgers, as the store's owner where we are root. */
int tool_ledger_place(struct tool *t, struct err *e) MUST_USE;

/* A word that names a ledger there: a mailbox's id or address, "host". */
bool tool_ledger_name(const char *word, char name_r[TOOL_LEDGER_NAME_SIZE]);

/* The directory of one of them. ERR_ABSENT: there is none of that name. */
int tool_ledger_folder(int place, const char *name, struct err *e) MUST_USE;

/* Both in one, of the word. */
int tool_ledger_of(struct tool *t, const char *word, struct err *e) MUST_USE;

#endif
