/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The message: DATA (RFC 5321 4.1.1.4) and BDAT (RFC 3030). Whatever becomes of
 * it, its octets are read to their end, so that none of them is ever taken for
 * a command. Says 250 to nothing that is not durable.
 */
#include "common/base.h"
#include "handlers/smtp_journal/state.h"

#include <strings.h>
#include <time.h>

#include "common/digest.h"
#include "common/log.h"
#include "common/num.h"
#include "common/tls.h"
#include "handlers/mail/trace.h"
#include "handlers/session/read_to_dot.h"
#include "handlers/smtp_journal/message.h"

/* The mailbox was there at RCPT: whatever is wrong with it now, it may pass. */
static const struct reply *store_reply(const struct err *e)
{
	if (e->kind == ERR_FULL || e->kind == ERR_QUOTA)
		return smtp_reply_for(e->kind);
	return &smtp_trouble;
}

/* What a message with a fault is answered; the log hears of ours. */
static const struct reply *fault_reply(const struct journal_message *m)
{
	const struct err *e = journal_message_err(m);

	switch (journal_message_fault(m)) {
	case JOURNAL_TOO_BIG:
		return &smtp_too_big;
	case JOURNAL_LOOP:
		return &smtp_loop;
	default:
		break;
	}
	log_error("%s", e->text);
	return store_reply(e);
}

static struct trace trace_facts(const struct smtp_journal *s)
{
	const struct tls_facts *tls = conn_tls(s->conn);
	bool named = tls && tls->client_names.n > 0;

	return (struct trace){
		.hostname = s->conf->hostname,
		.helo = s->helo,
		.peer = s->peer,
		.protocol = trace_protocol(s->extended, smtp_journal_secure(s),
					   s->tx->params.utf8),
		.tls_version = smtp_journal_tls_version(s),
		.tls_cipher = tls ? tls->cipher : "",
		.client_name = named ? tls->client_names.list[0] : "",
		.note = s->tx->params.note,
		.when = time(NULL),
	};
}

/* NULL: tx->message is there and takes octets. */
static const struct reply *begin_message(struct smtp_journal *s)
{
	const struct journal_limits limits = {
		.max_size = s->conf->smtp_journal.max_size,
		.domain = s->conf->domain,
	};
	const struct trace trace = trace_facts(s);
	struct err e;

	s->tx->message = journal_message_begin(s->tx, &trace, &limits, &e);
	if (s->tx->message)
		return NULL;
	log_error("%s", e.text);
	return store_reply(&e);
}

static void note_copies(struct smtp_journal *s)
{
	uint64_t octets = journal_message_octets(s->tx->message);

	for (size_t i = 0; i < s->tx->n_copies; i++)
		smtp_journal_note_kept(s, s->tx->copies[i].id, octets);
	s->summary.messages++;
	s->summary.octets += octets;
}

/*
 * One line a copy, each far below the 512 octets of RFC 5321 4.5.3.1.5: the
 * sender's log then knows which sealed file it was told is kept, and nobody
 * here can change that.
 */
static void say_kept(struct smtp_journal *s, const struct journal_message *m)
{
	size_t n = journal_message_copies(m);

	for (size_t i = 0; i < n; i++) {
		char hex[DIGEST_HEX_LEN + 1];

		num_write_hex(journal_message_digest(m, i), DIGEST_SIZE, hex);
		conn_printf(s->conn, "250%c2.0.0 Kept as %s sha256:%s\r\n",
			    i + 1 < n ? '-' : ' ', journal_message_ulid(m, i),
			    hex);
	}
}

/* The end of the message and of the transaction. */
static const struct reply *finish_message(struct smtp_journal *s)
{
	struct journal_message *m = s->tx->message;
	const struct reply *r;

	if (journal_message_commit(m) < 0) {
		r = fault_reply(m);
	} else {
		/*
		 * Only here, behind delivery_commit() of every copy, may the
		 * sender be told that it can forget the message.
		 */
		say_kept(s, m);
		note_copies(s);
		r = &reply_sent;
	}
	smtp_journal_forget_mail(s);
	return r;
}

/* The peer is gone or too slow in the midst of a message. */
static const struct reply *data_lost(struct smtp_journal *s,
				     enum conn_status status)
{
	smtp_journal_note_lost(s, status);
	smtp_journal_forget_mail(s);
	return status == CONN_TIMEOUT ? &smtp_timeout : &reply_sent_close;
}

static enum conn_status read_message(struct smtp_journal *s)
{
	const struct sink message = {.push = journal_message_push,
				     .to = s->tx->message};

	return read_to_dot(s->conn, &message);
}

const struct reply *smtp_journal_data(void *session, const char *arg UNUSED)
{
	struct smtp_journal *s = session;
	const struct reply *refusal = begin_message(s);
	enum conn_status status;

	if (refusal)
		return conn_input_buffered(s->conn) ? &smtp_behind_data
						    : refusal;
	reply_write(s->conn, &smtp_go_ahead);
	read_to_dot_expect(s->conn, s->conf);
	status = conn_flush(s->conn);
	if (status == CONN_OK)
		status = read_message(s);
	return status == CONN_OK ? finish_message(s) : data_lost(s, status);
}

struct chunk {
	uint64_t octets;
	bool last;
};

/* RFC 3030 2: "BDAT" SP chunk-size [ SP "LAST" ] */
static bool chunk_parse(const char *arg, struct chunk *chunk_r)
{
	size_t n = strcspn(arg, " ");

	if (!num_parse(arg, n, UINT64_MAX, &chunk_r->octets))
		return false;
	arg += n;
	arg += strspn(arg, " ");
	chunk_r->last = strcasecmp(arg, "LAST") == 0;
	return chunk_r->last || arg[0] == '\0';
}

/*
 * The dispatcher lets BDAT through in every state, and before TLS, for its
 * octets must be read whatever the answer is; so the rules stand here. One
 * chunk refused is all of the message refused: were the next one taken, a part
 * would be kept for the whole.
 */
static const struct reply *chunk_refusal(struct smtp_journal *s)
{
	if (smtp_journal_needs_tls(s))
		return &smtp_need_tls;
	if (!s->conf->smtp_journal.chunking)
		return &smtp_no_chunking;
	if (s->tx && s->tx->failed)
		return s->tx->failed;
	if (s->tx && s->tx->message)
		return NULL;
	if (s->tx && s->tx->n_recipients)
		return begin_message(s);
	if (s->refused_for_now)
		return &smtp_not_for_now;
	return s->tx ? &smtp_no_recipient : &smtp_bad_sequence;
}

/* Reads n octets into the message; without one they are read away. */
static enum conn_status read_chunk(struct smtp_journal *s, uint64_t n,
				   struct journal_message *m)
{
	bool wanted = m && journal_message_expect(m, n) == 0;
	enum conn_status status = CONN_OK;

	read_to_dot_expect(s->conn, s->conf);
	if (!conn_input_buffered(s->conn))
		status = conn_flush(s->conn);
	while (n && status == CONN_OK) {
		const uint8_t *bytes;
		size_t part;

		status = conn_peek(s->conn, &bytes, &part);
		if (status != CONN_OK)
			break;
		if (part > n)
			part = (size_t)n;
		wanted = wanted && journal_message_push(m, bytes, part) == 0;
		conn_consume(s->conn, part);
		n -= part;
	}
	return status;
}

const struct reply *smtp_journal_bdat(void *session, const char *arg)
{
	struct smtp_journal *s = session;
	const struct reply *refusal;
	enum conn_status status;
	struct chunk chunk;

	/* Where the next command begins is then known to nobody. */
	if (!chunk_parse(arg, &chunk))
		return &smtp_bad_chunk;
	refusal = chunk_refusal(s);
	status = read_chunk(s, chunk.octets, refusal ? NULL : s->tx->message);
	if (status != CONN_OK)
		return data_lost(s, status);
	if (!s->tx)
		return refusal;
	s->tx->chunked = true;
	if (!refusal && chunk.last)
		return finish_message(s);
	if (!refusal && journal_message_fault(s->tx->message))
		refusal = fault_reply(s->tx->message);
	s->tx->failed = refusal;
	if (refusal && chunk.last)
		smtp_journal_forget_mail(s);
	return refusal ? refusal : &smtp_chunk_ok;
}
