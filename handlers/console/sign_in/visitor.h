/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who asks, by cookie or by the web server, and what proves that a form is
 * ours. Signing in and out; every failure of it costs its maker time.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_SIGN_IN_VISITOR_H
#define RESTANTE_HANDLERS_CONSOLE_SIGN_IN_VISITOR_H

#include "handlers/console/console.h"

/* Fills c->visitor. A stranger gets a cookie, which is no session. */
void visitor_meet(struct console *c);

/* Sets the cookie where the browser has not got it yet. */
void visitor_set_cookie(struct console *c);

/* Whether the form came from a page that this visitor was given. */
bool visitor_proves(const struct console *c);

/* Seconds this address, or this account, has to wait for the next try. */
unsigned visitor_must_wait(const struct console *c, const char *name);

/*
 * Checks name and password, and counts a failure. ERR_PASSWORD, ERR_BUSY (too
 * many are trying at once), ERR_TEMP.
 */
int visitor_check_password(struct console *c, const char *name,
			   const struct secret *password, struct admin *admin_r,
			   struct err *e) MUST_USE;

/*
 * Checks them and begins a session under a new cookie.
 */
int visitor_sign_in(struct console *c, const char *name,
		    const struct secret *password, struct err *e) MUST_USE;

/* A new session in place of the old one, for the password has changed. */
int visitor_sign_in_again(struct console *c, struct err *e) MUST_USE;

void visitor_sign_out(struct console *c);

#endif
