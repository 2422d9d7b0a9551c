/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was deleted from a mailbox and is there still, on its page. */
#ifndef RESTANTE_HANDLERS_CONSOLE_PARTS_DELETED_H
#define RESTANTE_HANDLERS_CONSOLE_PARTS_DELETED_H

#include "handlers/console/context.h"

/* A section: how much it is, how long it stays, and what can be done. */
void deleted_write(struct console *c, const struct mailbox *m);

/* How much it is, or nothing. */
void deleted_write_amount(struct console *c, const struct counters *n);

/* What a hold forbids, and how it ends. */
void deleted_write_hold(struct console *c, const struct mailbox_conf *m);

#endif
