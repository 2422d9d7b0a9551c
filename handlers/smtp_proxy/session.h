/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One client's SMTP session passed through to the real server, a copy of
 * everything sent kept. A library function: takes a connection, leaves nothing
 * behind.
 */
#ifndef RESTANTE_HANDLERS_SMTP_PROXY_SESSION_H
#define RESTANTE_HANDLERS_SMTP_PROXY_SESSION_H

#include "handlers/session/program.h"
#include "handlers/session/summary.h"

struct dialler;

/* The states of the command table; docs/sessions.md has the grid. */
enum smtp_proxy_state {
	SMTP_PROXY_START, /* not greeted */
	SMTP_PROXY_LOGIN, /* greeted, not logged in */
	SMTP_PROXY_READY, /* logged in to the real server */
	SMTP_PROXY_MAIL,  /* MAIL accepted by the server */
	SMTP_PROXY_RCPT,  /* a recipient accepted */
	SMTP_PROXY_N_STATES,
};

extern const struct cmd_protocol smtp_proxy_protocol;

/* The dialler was forked before; it stays the caller's. */
enum outcome smtp_proxy_session(struct conn *c, const struct conf *conf,
				const struct peer *peer, enum tls_mode mode,
				struct dialler *dialler);

#endif
