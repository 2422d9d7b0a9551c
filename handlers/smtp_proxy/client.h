/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The real SMTP server as smtp-proxy speaks to it: greeting, EHLO, STARTTLS,
 * login, commands, and replies of bounded size (RFC 5321 4.2).
 */
#ifndef RESTANTE_HANDLERS_SMTP_PROXY_CLIENT_H
#define RESTANTE_HANDLERS_SMTP_PROXY_CLIENT_H

#include "handlers/proxy/upstream_login.h"

/* What the server's EHLO offers, of what we understand. */
struct smtp_features {
	bool pipelining;
	bool eightbit;
	bool smtputf8;
	bool dsn;
	bool enhanced;
	bool starttls;
	bool size;
	uint64_t max_size; /* 0: it names none */
};

enum { SMTP_REPLY_MAX = 32 * 1024, SMTP_REPLY_LINES = 100 };

/* A whole reply. Release text with buf_release(). */
struct smtp_reply {
	unsigned code;
	struct buf text; /* all its lines as they came, each with its CRLF */
};

void smtp_reply_init(struct smtp_reply *r);

/* ERR_TEMP: gone, too slow, or a reply that has no end or no form. */
int smtp_upstream_read(struct upstream *u, struct smtp_reply *r, struct err *e);

/* Sends a command (without CRLF) and reads its reply. */
int smtp_upstream_command(struct upstream *u, struct smtp_reply *r,
			  struct err *e, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
int smtp_upstream_commandv(struct upstream *u, struct smtp_reply *r,
			   struct err *e, const char *fmt, va_list ap)
	PRINTF_LIKE(4, 0);

/*
 * Greeting, EHLO with our name, STARTTLS where TLS is not there yet, EHLO
 * again. Afterwards TLS is there, or -1 with a text for the user.
 */
int smtp_upstream_open(struct upstream *u, struct smtp_features *f_r,
		       struct err *e);

/* EHLO: what is offered now; ends a transaction (RFC 5321 4.1.4). */
int smtp_upstream_ehlo(struct upstream *u, struct smtp_features *f_r,
		       struct err *e);

int smtp_upstream_login(struct upstream *u, const struct credential *c,
			struct err *e);

#endif
