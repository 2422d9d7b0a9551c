/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of all mailboxes to choose from, by name. */
#ifndef RESTANTE_HANDLERS_CONSOLE_PARTS_MAILBOX_CHOICE_H
#define RESTANTE_HANDLERS_CONSOLE_PARTS_MAILBOX_CHOICE_H

struct console;

/* Writes <select name="mailbox">; chosen is an id, or "". */
void mailbox_choice_write(struct console *c, const char *chosen);

#endif
