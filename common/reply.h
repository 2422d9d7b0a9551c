/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replies as constants: a session decides by returning one, the dispatcher
 * writes it. One shape serves both protocols: SMTP "code enhanced text"
 * (RFC 5321 4.2, RFC 2034), POP3 "+OK/-ERR [code] text" (RFC 1939, RFC 2449).
 */
#ifndef RESTANTE_COMMON_REPLY_H
#define RESTANTE_COMMON_REPLY_H

#include "common/base.h"

struct conn;

enum reply_flags {
	REPLY_FAULT = 1 << 0,	/* the peer's fault: counts towards the limit */
	REPLY_CLOSE = 1 << 1,	/* the connection ends behind it */
	REPLY_SENT = 1 << 2,	/* the handler wrote its answer itself */
	REPLY_NOT_NOW = 1 << 3, /* a login that may pass later */
};

struct reply {
	const char *code; /* "250", "+OK" */
	const char *tag;  /* "2.1.0", "[AUTH]", or "" */
	const char *text;
	unsigned flags;
};

/* Returned by a handler that has written its answer itself. */
extern const struct reply reply_sent;

/* The same, and what it answered was the peer's fault. */
extern const struct reply reply_sent_fault;

/* The same, and it was a login that may pass later. */
extern const struct reply reply_sent_not_now;

/* The same, and the connection ends: what was to be said is said. */
extern const struct reply reply_sent_close;

/* Writes "code tag text CRLF" into the connection's output buffer. */
void reply_write(struct conn *c, const struct reply *r);

#endif
