/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing in and out; every failure of it costs its maker time. */
#ifndef RESTANTE_HANDLERS_CONSOLE_SIGN_IN_SIGN_IN_H
#define RESTANTE_HANDLERS_CONSOLE_SIGN_IN_SIGN_IN_H

#include "common/secret.h"
#include "handlers/admin/admins.h"

struct console;

/* Seconds this address, or this account, has to wait for the next try. */
unsigned sign_in_must_wait(const struct console *c, const char *name);

/*
 * Checks name and password, and counts a failure. ERR_PASSWORD, ERR_BUSY (too
 * many are trying at once), ERR_TEMP.
 */
int sign_in_check_password(struct console *c, const char *name,
			   const struct secret *password, struct admin *admin_r,
			   struct err *e) MUST_USE;

/*
 * Checks them and begins a session under a new cookie.
 */
int sign_in(struct console *c, const char *name, const struct secret *password,
	    struct err *e) MUST_USE;

/* A new session in place of the old one, for the password has changed. */
int sign_in_again(struct console *c, struct err *e) MUST_USE;

void sign_out(struct console *c);

#endif
