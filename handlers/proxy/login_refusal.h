/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a proxied login that came to nothing is answered. The kinds are the
 * same in SMTP and POP3, the words are the protocol's.
 */
#ifndef RESTANTE_HANDLERS_PROXY_LOGIN_REFUSAL_H
#define RESTANTE_HANDLERS_PROXY_LOGIN_REFUSAL_H

#include "common/reply.h"

struct conn;
struct err;

struct login_refusal {
	const struct reply *not_proxied; /* the user name is none of ours */
	const struct reply *no_mailbox;
	const struct reply *suspended;
	const struct reply *no_store;
	/* What stands before the server's words or ours, which are a line. */
	const char *may_pass;
	const char *credential;
};

/* What proxy_account_open() refused. */
const struct reply *login_refusal_here(const struct login_refusal *words,
				       const struct err *e);

/* What proxy_account_enter() did: told to the client at once. */
const struct reply *login_refusal_there(const struct login_refusal *words,
					struct conn *client,
					const struct err *e);

#endif
