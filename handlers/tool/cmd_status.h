/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `status` finds, for other commands. */
#ifndef RESTANTE_HANDLERS_TOOL_CMD_STATUS_H
#define RESTANTE_HANDLERS_TOOL_CMD_STATUS_H

#include "handlers/tool/command.h"

/*
 * What a person is needed for, of the disk and of every mailbox, a sentence
 * each. t->store is open. Prints nothing but what could not be read.
 */
void tool_status_needs(struct tool *t, struct conf_strings *needs_r);

#endif
