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

/* The page that asks. f is NULL at first. */
void confirm_loss_ask(struct console *c, struct mailbox *m,
		      const struct confirm_loss *w, const struct form *f);

/*
 * Whether the name was typed and the number is there; otherwise it has been
 * asked again.
 */
bool confirm_loss_agreed(struct console *c, struct mailbox *m,
			 const struct confirm_loss *w, uint64_t *messages_r);

#endif
