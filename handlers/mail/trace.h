/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The trace header that is put in front of a kept message: who sent it, for
 * whom, how it came (RFC 5321 4.4). Writes lines that end in CRLF and are
 * bounded in length, whatever their values hold.
 */
#ifndef RESTANTE_HANDLERS_MAIL_TRACE_H
#define RESTANTE_HANDLERS_MAIL_TRACE_H

#include "common/base.h"

struct buf;
struct peer;

enum { TRACE_LINES_MAX = 12 * 1024 }; /* octets that one call writes at most */

/* How a message came. Borrowed strings, never NULL; "" where there is none. */
struct trace {
	const char *hostname; /* ours */
	const char *helo;     /* what the client called itself */
	const struct peer *peer;
	const char *protocol; /* "ESMTPS", RFC 3848 and RFC 6531 */
	const char *tls_version;
	const char *tls_cipher;
	const char *client_name; /* first of a verified client certificate */
	const char *note;	 /* what else MAIL said and is worth keeping */
	int64_t when;		 /* seconds since 1970 */
};

/*
 * Return-Path and Delivered-To; between them X-Restante-Sender, percent-encoded
 * (percent.h), where Return-Path cannot show every octet. False: out is full,
 * as below.
 */
bool trace_sender(const char *sender, const char *mailbox_id,
		  const char *domain, struct buf *out) MUST_USE;

/* Delivered-To alone, for a message that came without an envelope. */
bool trace_mailbox(const char *mailbox_id, const char *domain,
		   struct buf *out) MUST_USE;

/* X-Restante-Account and X-Restante-Server: whose login a proxy copied. */
bool trace_account(const char *account, const char *server,
		   struct buf *out) MUST_USE;

/*
 * One X-Envelope-To; note is the original recipient and the like, or "". And
 * X-Restante-Recipient, as X-Restante-Sender.
 */
bool trace_recipient(const char *address, const char *note,
		     struct buf *out) MUST_USE;

/* Received, the last line of the trace header. */
bool trace_received(const struct trace *t, const char *ulid,
		    struct buf *out) MUST_USE;

/* The name of the protocol for "with". */
const char *trace_protocol(bool extended, bool tls, bool utf8);

#endif
