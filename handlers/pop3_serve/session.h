/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The POP3 server through which an archive collects: one session on one
 * connection, as a library function that leaves nothing behind.
 */
#ifndef RESTANTE_HANDLERS_POP3_SERVE_SESSION_H
#define RESTANTE_HANDLERS_POP3_SERVE_SESSION_H

#include "handlers/session/program.h"

struct cmd_protocol;

/* RFC 1939 3; UPDATE is what QUIT does. */
enum pop3_state {
	POP3_AUTHORIZATION,
	POP3_USER_GIVEN, /* AUTHORIZATION, and PASS may follow */
	POP3_TRANSACTION,
};

/* The command table and its rules: what docs/sessions.md is tested against. */
extern const struct cmd_protocol pop3_serve_protocol;

/*
 * Serves one session, from the handshake or greeting to the end, and logs its
 * one line. Everything is borrowed and stays the caller's.
 */
void pop3_serve_session(struct conn *c, const struct conf *conf,
			const struct peer *peer, enum tls_mode tls_mode);

/*
 * The same in a process that is in the sandbox and ends with the session: a
 * login gives up every other mailbox, for good.
 */
void pop3_serve_confined(struct conn *c, const struct conf *conf,
			 const struct peer *peer, enum tls_mode tls_mode);

#endif
