/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the pages about one mailbox share: opening it, and its heading. */
#ifndef RESTANTE_HANDLERS_CONSOLE_PARTS_MAILBOX_FRAME_H
#define RESTANTE_HANDLERS_CONSOLE_PARTS_MAILBOX_FRAME_H

#include "handlers/console/context.h"
#include "store/store.h"

/* The mailbox of the path. NULL: the page has been answered. */
struct mailbox *mailbox_frame_open(struct console *c);

/* The page up to its content: name, status, and the way to its other pages. */
void mailbox_frame_begin(struct console *c, const struct mailbox_conf *m);

/* A badge where a limit is reached, or nearly so. Whether there is one. */
bool mailbox_frame_limit(struct console *c, enum limit_state state);

/* "mbx-…@domain" */
void mailbox_frame_address(struct console *c, const char *id);

#endif
