/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The chain that a message goes through. Memory does not grow with the
 * message: all that is ever held back is a first line that may still turn out
 * to be a header field. Changes no octet but line ends.
 */
#include "common/base.h"
#include "handlers/smtp_journal/message.h"

#include "common/crlf.h"
#include "common/log.h"
#include "common/sink.h"
#include "handlers/mail/first_line.h"
#include "handlers/mail/mail_head.h"
#include "handlers/mail/trace_copy.h"
#include "handlers/smtp_journal/transaction.h"
#include "store/store.h"

/* RFC 5321 6.3 wants at least 100; a journal loop gets there in seconds. */
enum { HOPS_MAX = 100 };

struct copy {
	struct delivery *delivery; /* NULL: committed or dropped */
	char ulid[ULID_LEN + 1];
	uint8_t digest[DIGEST_SIZE]; /* of the sealed file, once committed */
};

struct journal_message {
	struct copy *copies;
	size_t n_copies;
	uint64_t max_size;
	uint64_t taken; /* octets as received */
	struct crlf crlf;
	struct mail_hops hops;
	struct first_line first_line;
	enum journal_fault fault;
	struct err err;
};

static void drop_all(struct journal_message *m)
{
	for (size_t i = 0; i < m->n_copies; i++)
		delivery_abort(&m->copies[i].delivery);
}

/* One copy lost is all copies lost: the sender is to try again. */
static int fail_all(struct journal_message *m, enum journal_fault fault)
{
	m->fault = fault;
	drop_all(m);
	return -1;
}

/* The push of a sink: behind the seam with the trace header. */
static int write_to_all(void *message, const uint8_t *bytes, size_t n)
{
	struct journal_message *m = message;

	for (size_t i = 0; i < m->n_copies; i++)
		if (delivery_write(m->copies[i].delivery, bytes, n, &m->err) <
		    0)
			return fail_all(m, JOURNAL_STORE);
	return 0;
}

/* Behind the seam: the octets as they are kept. */
static int take_judged(void *to, const uint8_t *bytes, size_t n)
{
	struct journal_message *m = to;

	mail_hops_push(&m->hops, bytes, n);
	if (m->hops.n >= HOPS_MAX)
		return fail_all(m, JOURNAL_LOOP);
	return write_to_all(m, bytes, n);
}

/* Behind the line ends. */
static int take_mended(void *to, const uint8_t *bytes, size_t n)
{
	struct journal_message *m = to;
	const struct sink judged = {.push = take_judged, .to = m};

	return first_line_push(&m->first_line, bytes, n, &judged);
}

int journal_message_expect(struct journal_message *m, uint64_t n)
{
	if (m->fault)
		return -1;
	if (n > m->max_size - m->taken)
		return fail_all(m, JOURNAL_TOO_BIG);
	return 0;
}

int journal_message_push(void *message, const uint8_t *bytes, size_t n)
{
	struct journal_message *m = message;
	const struct sink mended = {.push = take_mended, .to = m};

	if (journal_message_expect(m, n) < 0)
		return -1;
	m->taken += n;
	return crlf_push(&m->crlf, bytes, n, &mended);
}

static int finish_octets(struct journal_message *m)
{
	const struct sink mended = {.push = take_mended, .to = m};
	const struct sink judged = {.push = take_judged, .to = m};

	if (m->fault || crlf_end(&m->crlf, &mended) < 0)
		return -1;
	return first_line_end(&m->first_line, &judged);
}

int journal_message_commit(struct journal_message *m)
{
	unsigned flags;

	if (finish_octets(m) < 0)
		return -1;
	flags = m->crlf.changed || m->first_line.moved ? MESSAGE_NORMALISED : 0;
	for (size_t i = 0; i < m->n_copies; i++)
		if (delivery_commit(&m->copies[i].delivery, flags, &m->err) < 0)
			return fail_all(m, JOURNAL_STORE);
	return 0;
}

/* One copy, and what to tell of it. */
struct copy_writer {
	struct delivery *delivery;
	struct err *err;
};

static int write_to_copy(void *to, const uint8_t *bytes, size_t n)
{
	struct copy_writer *w = to;

	return delivery_write(w->delivery, bytes, n, w->err);
}

/* Names this copy's recipients and no others: an id is a credential. */
static int write_trace(struct delivery *d, const struct smtp_tx *tx, size_t i,
		       const struct trace *trace, const char *domain,
		       struct err *e)
{
	struct copy_writer writer = {.delivery = d, .err = e};
	const struct sink copy = {.push = write_to_copy, .to = &writer};
	struct trace_copy t;

	trace_copy_begin(&t, trace, &copy);
	trace_copy_sender(&t, tx->sender, tx->copies[i].id, domain);
	for (size_t k = 0; k < tx->n_recipients; k++) {
		const struct smtp_recipient *r = &tx->recipients[k];

		if (r->copy == i)
			trace_copy_recipient(&t, r->address, r->note);
	}
	return trace_copy_end(&t, delivery_ulid(d));
}

static int begin_copy(struct copy *copy, const struct smtp_tx *tx, size_t i,
		      const struct trace *trace, const char *domain,
		      struct err *e)
{
	copy->delivery = delivery_begin(tx->copies[i].mailbox, e);
	if (!copy->delivery)
		return -1;
	snprintf(copy->ulid, sizeof(copy->ulid), "%s",
		 delivery_ulid(copy->delivery));
	delivery_want_digest(copy->delivery, copy->digest);
	return write_trace(copy->delivery, tx, i, trace, domain, e);
}

struct journal_message *
journal_message_begin(const struct smtp_tx *tx, const struct trace *trace,
		      const struct journal_limits *limits, struct err *e)
{
	struct journal_message *m = xcalloc(1, sizeof(*m));

	m->copies = xcalloc(tx->n_copies, sizeof(*m->copies));
	m->n_copies = tx->n_copies;
	m->max_size = limits->max_size;
	crlf_init(&m->crlf);
	mail_hops_init(&m->hops);
	first_line_init(&m->first_line);
	for (size_t i = 0; i < m->n_copies; i++) {
		if (begin_copy(&m->copies[i], tx, i, trace, limits->domain, e) <
		    0) {
			journal_message_free(&m);
			break;
		}
	}
	return m;
}

void journal_message_free(struct journal_message **m_r)
{
	struct journal_message *m = *m_r;

	if (!m)
		return;
	drop_all(m);
	first_line_release(&m->first_line);
	free(m->copies);
	free(m);
	*m_r = NULL;
}

enum journal_fault journal_message_fault(const struct journal_message *m)
{
	return m->fault;
}

const struct err *journal_message_err(const struct journal_message *m)
{
	return &m->err;
}

size_t journal_message_copies(const struct journal_message *m)
{
	return m->n_copies;
}

const char *journal_message_ulid(const struct journal_message *m, size_t i)
{
	return m->copies[i].ulid;
}

const uint8_t *journal_message_digest(const struct journal_message *m, size_t i)
{
	return m->copies[i].digest;
}

uint64_t journal_message_octets(const struct journal_message *m)
{
	return m->crlf.octets;
}
