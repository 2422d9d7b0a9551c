/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The real POP3 server as pop3-proxy speaks to it: greeting, CAPA, STLS,
 * login, status lines. Multi-line answers are streamed by the session.
 */
#ifndef RESTANTE_HANDLERS_POP3_PROXY_CLIENT_H
#define RESTANTE_HANDLERS_POP3_PROXY_CLIENT_H

#include "handlers/proxy/upstream_login.h"

/* What the server's CAPA offers, of what we understand (RFC 2449). */
struct pop3_features {
	bool capa; /* it answered CAPA at all */
	bool top;
	bool uidl;
	bool stls;
	bool pipelining;
	bool resp_codes;
};

/*
 * Reads a status line into u->line: true in *ok_r for "+OK". ERR_TEMP: gone,
 * too slow, or neither +OK nor -ERR.
 */
int pop3_upstream_status(struct upstream *u, bool *ok_r, struct err *e);

/* Sends a command (without CRLF) and reads its status line. */
int pop3_upstream_command(struct upstream *u, bool *ok_r, struct err *e,
			  const char *fmt, ...) PRINTF_LIKE(4, 5);

/*
 * Greeting, CAPA, STLS where TLS is not there yet, CAPA again. Afterwards TLS
 * is there, or -1 with a text for the user.
 */
int pop3_upstream_open(struct upstream *u, struct pop3_features *f_r,
		       struct err *e);

/* CAPA: what is offered now. A login may change it (RFC 2449 5). */
int pop3_upstream_capa(struct upstream *u, struct pop3_features *f_r,
		       struct err *e);

/* With what it offered under TLS. */
int pop3_upstream_login(struct upstream *u, const struct credential *c,
			const struct pop3_features *f, struct err *e);

#endif
