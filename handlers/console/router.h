/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a request to the page that answers it. Who may call a page, and with
 * which method, stands in one table; no page asks again.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_ROUTER_H
#define RESTANTE_HANDLERS_CONSOLE_ROUTER_H

struct console;

/*
 * Answers c->request. status is what reading it came to: 0, or the HTTP status
 * that refuses it.
 */
void router_answer(struct console *c, int status);

#endif
