/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One client's POP3 session passed through to the real server, a copy of
 * everything fetched kept; or, where the user names no server, handed to
 * pop3-serve. A library function: takes a connection, leaves nothing behind.
 */
#ifndef RESTANTE_HANDLERS_POP3_PROXY_SESSION_H
#define RESTANTE_HANDLERS_POP3_PROXY_SESSION_H

#include "handlers/session/program.h"
#include "handlers/session/summary.h"

struct dialler;

/* The states of the command table; docs/sessions.md has the grid. */
enum pop3_proxy_state {
	POP3_PROXY_AUTHORIZATION,
	POP3_PROXY_USER_GIVEN,
	POP3_PROXY_TRANSACTION,
	POP3_PROXY_N_STATES,
};

extern const struct cmd_protocol pop3_proxy_protocol;

/* The dialler was forked before; it stays the caller's. */
enum outcome pop3_proxy_session(struct conn *c, const struct conf *conf,
				const struct peer *peer, enum tls_mode mode,
				struct dialler *dialler);

#endif
