/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "It is done", said on the page one is led to after a form: a word in its
 * address stands for a sentence of ours, so that nobody else's is shown.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_PARTS_NOTICE_H
#define RESTANTE_HANDLERS_CONSOLE_PARTS_NOTICE_H

struct console;

/* The notice that `?done=` of the request stands for, if it is one. */
void notice_write(struct console *c);

#endif
