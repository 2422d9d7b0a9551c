/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who asks, by cookie or by the web server, and what proves that a form is
 * ours.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_SIGN_IN_VISITOR_H
#define RESTANTE_HANDLERS_CONSOLE_SIGN_IN_VISITOR_H

#include "handlers/console/sign_in/sessions.h"

struct console;

struct visitor {
	char token[SESSION_TOKEN_LEN + 1]; /* of the cookie */
	const char *fresh;		   /* the cookie to be set, or NULL */
	bool ended;			   /* there was a session, it is over */
	char name[ADMIN_NAME_MAX + 1];	   /* "": nobody is signed in */
	bool must_change;		/* signed in with a one-time password */
	char proof[DIGEST_HEX_LEN + 1]; /* every form of theirs carries it */
};

/* Fills c->visitor. A stranger gets a cookie, which is no session. */
void visitor_meet(struct console *c);

/* Whatever the cookie was, it is worth nothing now: a new one of a session. */
void visitor_renew(struct visitor *v);

/* Sets the cookie where the browser has not got it yet. */
void visitor_set_cookie(struct console *c);

/* Whether the form came from a page that this visitor was given. */
bool visitor_proves(const struct console *c);

#endif
