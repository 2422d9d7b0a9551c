/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A proxy's copy of one message on its way into the mailbox: a trace header
 * that says what the message itself does not, then the message, as it is or
 * wrapped as a journal report.
 */
#ifndef RESTANTE_HANDLERS_PROXY_KEPT_COPY_H
#define RESTANTE_HANDLERS_PROXY_KEPT_COPY_H

#include "common/err.h"

struct delivery;
struct kept_copy;
struct mailbox;
struct trace;

/* What is known of it. Borrowed while the copy begins and is written. */
struct copy_facts {
	const struct trace *trace;
	const char *domain;  /* of Delivered-To */
	const char *account; /* the real server's user */
	const char *server;  /* "host:port" */
	bool sent;	     /* by SMTP, with an envelope; else fetched */
	const char *sender;
	const char *const *recipients; /* accepted by the server, Bcc too */
	size_t n_recipients;
};

/*
 * Begins the copy in m. How it is wrapped is m's setting `copies`. NULL and e:
 * it cannot be kept.
 */
struct kept_copy *kept_copy_begin(struct mailbox *m, const struct copy_facts *f,
				  struct err *e);

/* Takes n octets whose lines end in CRLF; for a sink. -1: see the error. */
int kept_copy_push(void *copy, const uint8_t *bytes, size_t n);

/*
 * The end of the message: what the wrapping needs is written, and the copy is
 * made durable, pending. -1: see the error.
 */
int kept_copy_end(struct kept_copy *c) MUST_USE;

const struct err *kept_copy_err(const struct kept_copy *c);

/*
 * The delivery, for delivery_commit() or seen_keep(), which take it: then the
 * copy holds none any more.
 */
struct delivery **kept_copy_delivery(struct kept_copy *c);

/* Drops what was not committed. NULL is allowed; sets *c to NULL. */
void kept_copy_free(struct kept_copy **c);

/*
 * Frees it and leaves a durable copy to be kept with flag U: the server may
 * have the message, and nobody knows.
 */
void kept_copy_leave(struct kept_copy **c);

#endif
