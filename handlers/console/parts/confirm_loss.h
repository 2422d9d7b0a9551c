/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For the two pages that take messages away: a person types the mailbox's
 * name, and agrees to a number of messages.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_PARTS_CONFIRM_LOSS_H
#define RESTANTE_HANDLERS_CONSOLE_PARTS_CONFIRM_LOSS_H

#include "handlers/console/parts/form.h"

struct confirm_loss {
	const char *path;  /* "/delete": where the form goes */
	const char *title; /* all of these are translated */
	const char *what;  /* what will happen */
	const char *button;
};

/* Answers with the page that asks about the mailbox of the path. */
void confirm_loss_ask(struct console *c, const struct confirm_loss *w);

/*
 * The mailbox of the path, where the name was typed and the number is there.
 * NULL: the page has been answered, or it has been asked again.
 */
struct mailbox *confirm_loss_agreed(struct console *c,
				    const struct confirm_loss *w,
				    uint64_t *messages_r);

#endif
