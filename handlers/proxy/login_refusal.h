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

/* What stands before the server's words or ours: "454", "4.7.0". */
struct login_refusal_class {
	const char *code;
	const char *tag;
};

struct login_refusal {
	const struct reply *not_proxied; /* the user name is none of ours */
	const struct reply *no_mailbox;
	const struct reply *suspended;
	const struct reply *no_store;
	struct login_refusal_class may_pass;
	struct login_refusal_class refused; /* no word about the credential */
	struct login_refusal_class credential;
};

/* What proxy_account_open() refused. */
const struct reply *login_refusal_here(const struct login_refusal *words,
				       const struct err *e);

/* What proxy_account_enter() did: told to the client at once. */
const struct reply *login_refusal_there(const struct login_refusal *words,
					struct conn *client,
					const struct err *e);

#endif
