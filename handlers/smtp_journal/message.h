/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One message on its way into the mailboxes: size limit, line ends, first line
 * and hop count, then a trace header and the same octets for each copy. What
 * DATA and BDAT push here, sealed, is what is kept.
 */
#ifndef RESTANTE_HANDLERS_SMTP_JOURNAL_MESSAGE_H
#define RESTANTE_HANDLERS_SMTP_JOURNAL_MESSAGE_H

#include "common/err.h"
#include "common/random_id.h"

struct journal_message;
struct smtp_tx;
struct trace;

/* Why a message is not kept; the first reason stays. */
enum journal_fault {
	JOURNAL_NO_FAULT,
	JOURNAL_TOO_BIG,
	JOURNAL_LOOP,  /* it has been through too many hosts */
	JOURNAL_STORE, /* journal_message_err() says what */
};

struct journal_limits {
	uint64_t max_size;  /* octets as received, dots unstuffed */
	const char *domain; /* of Delivered-To */
};

/*
 * Begins a delivery to every copy of tx, which is borrowed, and writes their
 * trace headers. NULL and e: the store failed, and nothing is left behind.
 */
struct journal_message *
journal_message_begin(const struct smtp_tx *tx, const struct trace *trace,
		      const struct journal_limits *limits, struct err *e);

/*
 * Takes n more octets of the message: the push of a sink whose `to` is the
 * message. -1: there is a fault, nothing more is wanted, and every delivery
 * has been dropped.
 */
int journal_message_push(void *message, const uint8_t *bytes, size_t n);

/* n more octets are announced: a message that gets too big is so at once. */
int journal_message_expect(struct journal_message *m, uint64_t n);

/*
 * The end of the message: commits every copy. 0: all of them are durable and
 * may be acknowledged. -1: a fault; copies committed before it stay.
 */
int journal_message_commit(struct journal_message *m) MUST_USE;

enum journal_fault journal_message_fault(const struct journal_message *m);
const struct err *journal_message_err(const struct journal_message *m);

size_t journal_message_copies(const struct journal_message *m);
/* The ULID of copy i, and the SHA-256 of its sealed file: once committed. */
const char *journal_message_ulid(const struct journal_message *m, size_t i);
const uint8_t *journal_message_digest(const struct journal_message *m,
				      size_t i);

/* Octets kept so far, the trace header not counted. */
uint64_t journal_message_octets(const struct journal_message *m);

/* Drops what was not committed. NULL is allowed; sets *m to NULL. */
void journal_message_free(struct journal_message **m);

#endif
