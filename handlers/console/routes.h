/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which page answers to which path, and what it needs before it may. */
#ifndef RESTANTE_HANDLERS_CONSOLE_ROUTES_H
#define RESTANTE_HANDLERS_CONSOLE_ROUTES_H

#include "common/mailbox_id.h"
#include "handlers/console/web/request.h"

struct console;

enum route_needs {
	NEEDS_NOTHING,
	NEEDS_VISITOR, /* a cookie: the form was ours */
	NEEDS_ADMIN,   /* somebody who has signed in */
	NEEDS_STORE,   /* and the store */
};

/* "*" in a path is a mailbox id. */
struct route {
	enum method method;
	const char *path;
	enum route_needs needs;
	void (*page)(struct console *c);
};

/*
 * The route of a request, or NULL. The mailbox in its path goes to id_r; a path
 * without one leaves it as it is. *allowed_r: 1 << method for each that the
 * path does take.
 */
const struct route *route_find(const struct request *r,
			       char id_r[MAILBOX_ID_LEN + 1],
			       unsigned *allowed_r);

#endif
