/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DATA: the same octets, line ends mended, go to the server and into the copy.
 * The copy is durable before the server gets the last line, and becomes
 * visible when the server said yes: no message is sent that is not kept.
 */
#include "common/base.h"
#include "handlers/smtp_proxy/state.h"

#include <time.h>

#include "common/log.h"
#include "common/sink.h"
#include "common/tls.h"
#include "handlers/mail/dot.h"
#include "handlers/mail/mended.h"
#include "handlers/mail/trace.h"
#include "handlers/proxy/kept_copy.h"
#include "handlers/session/read_to_dot.h"
#include "handlers/smtp/replies.h"

static const struct reply reply_not_kept = {
	"451", "4.3.0", "The copy cannot be kept now, nothing was sent", 0};
static const struct reply reply_not_kept_close = {
	"451", "4.3.0", "The copy cannot be kept now, nothing was sent",
	REPLY_CLOSE};
static const struct reply reply_too_big_close = {
	"552", "5.3.4", "Message too big, nothing was sent", REPLY_CLOSE};

/* One message between the two sides. */
struct sending {
	struct smtp_proxy *s;
	struct conn *server;
	struct kept_copy *copy;
	struct mended mended;
	struct dot_out dot;
	uint64_t taken; /* octets of the client's, unstuffed */
	bool too_big;
	bool copy_failed;
	bool answered; /* the server has spoken, or left, before the end */
};

/* --- beginning ------------------------------------------------------------ */

static struct kept_copy *begin_sent_copy(struct smtp_proxy *s, struct err *e)
{
	const struct tls_facts *tls = conn_tls(s->conn);
	const struct trace trace = {
		.hostname = s->conf->hostname,
		.helo = s->helo,
		.peer = s->peer,
		.protocol = s->tx->utf8 ? "UTF8SMTPSA" : "ESMTPSA",
		.tls_version = tls ? tls->version : "",
		.tls_cipher = tls ? tls->cipher : "",
		.client_name = "",
		.note = "",
		.when = time(NULL),
	};
	char server[PROXY_SERVER_SIZE];
	const struct copy_facts facts = {
		.trace = &trace,
		.domain = s->conf->domain,
		.account = s->account.login.user,
		.server = server,
		.sent = true,
		.sender = s->tx->sender,
		.recipients = (const char *const *)s->tx->recipients,
		.n_recipients = s->tx->n_recipients,
	};

	proxy_account_server(&s->account, server);
	if (proxy_account_hold(&s->account, e) < 0)
		return NULL;
	return kept_copy_begin(s->account.mailbox, &facts, e);
}

/* --- passing -------------------------------------------------------------- */

static int write_to_server(void *to, const uint8_t *bytes, size_t n)
{
	struct sending *p = to;

	if (!p->answered)
		conn_write(p->server, bytes, n);
	return 0; /* a failure is met behind the last line */
}

/* Behind the line ends. Once the copy has failed the server gets no more. */
static int send_on_mended(void *to, const uint8_t *bytes, size_t n)
{
	struct sending *p = to;
	const struct sink server = {.push = write_to_server, .to = p};

	if (kept_copy_push(p->copy, bytes, n) < 0) {
		p->copy_failed = true;
		return -1;
	}
	return dot_out_push(&p->dot, bytes, n, &server);
}

/*
 * A server that has had enough says so in the midst (552), and may close at
 * once: what it said must be read before more is written to it.
 */
static void look_at_server(struct sending *p)
{
	if (!p->answered)
		p->answered =
			conn_broken(p->server) || conn_has_said(p->server);
}

static int send_on(void *to, const uint8_t *bytes, size_t n)
{
	struct sending *p = to;
	const struct sink mended = {.push = send_on_mended, .to = p};

	look_at_server(p);
	p->taken += n;
	p->too_big |= smtp_proxy_is_too_big(p->s, p->taken);
	if (p->too_big)
		return -1;
	return mended_push(&p->mended, bytes, n, &mended);
}

static void expect_data(struct smtp_proxy *s)
{
	read_to_dot_expect(s->conn, s->conf);
	read_to_dot_expect(s->account.upstream->conn, s->conf);
	conn_hear_while_writing(s->account.upstream->conn);
}

/* --- the end -------------------------------------------------------------- */

/*
 * The server has the message but for its last line: taking the connection
 * away is the one way not to send it.
 */
static const struct reply *not_kept_or_sent(struct sending *p)
{
	upstream_free(&p->s->account.upstream);
	if (p->too_big) {
		summary_note(&p->s->summary, OUTCOME_REFUSED, "size");
		return &reply_too_big_close;
	}
	log_error("%s", kept_copy_err(p->copy)->text);
	summary_note(&p->s->summary, OUTCOME_TEMPFAIL, "store");
	return &reply_not_kept_close;
}

static bool finish_copy(struct sending *p)
{
	const struct sink mended = {.push = send_on_mended, .to = p};

	return !p->too_big && !p->copy_failed &&
	       mended_end(&p->mended, &mended) == 0 &&
	       kept_copy_end(p->copy) == 0;
}

/* The client gets the server's yes even where linking the copy failed: the
 * copy is durable, and the next one in the index makes it visible. */
static void commit_sent_copy(struct sending *p)
{
	unsigned flags = mended_changed(&p->mended) ? MESSAGE_NORMALISED : 0;
	struct smtp_proxy *s = p->s;
	struct err e;

	if (delivery_commit(kept_copy_delivery(p->copy), flags, &e) < 0)
		log_error("%s", e.text);
	s->summary.messages++;
	s->summary.octets += p->mended.crlf.octets;
	summary_note(&s->summary, OUTCOME_RELAYED, NULL);
}

/* Nobody knows whether the server has it: so it is kept, with flag U. */
static const struct reply *leave_unconfirmed(struct sending *p)
{
	struct smtp_proxy *s = p->s;
	struct err e;

	err_set(&e, ERR_TEMP,
		"server %s did not say what became of the message",
		s->account.login.server.host);
	kept_copy_leave(&p->copy);
	s->summary.messages++;
	s->summary.octets += p->mended.crlf.octets;
	return smtp_proxy_lost_server(s, &e);
}

/* It left before the last line: it cannot have the message. */
static const struct reply *server_lost(struct sending *p)
{
	struct smtp_proxy *s = p->s;
	struct err e;

	err_set(&e, ERR_TEMP, "server %s did not take the message",
		s->account.login.server.host);
	return smtp_proxy_lost_server(s, &e);
}

/*
 * It has spoken before the last line. A refusal is one, and the session ends
 * with it: what the server takes for the next command nobody knows. A yes is
 * none, but it may have taken something for the end.
 */
static const struct reply *answered_early(struct sending *p)
{
	struct smtp_proxy *s = p->s;
	const struct reply *result;
	struct smtp_reply r;
	struct err e;

	smtp_reply_init(&r);
	conn_set_deadline(p->server, s->conf->limits.command_timeout, 0);
	if (smtp_upstream_read(s->account.upstream, &r, &e) < 0) {
		result = server_lost(p);
	} else if (r.code / 100 < 4) {
		result = leave_unconfirmed(p);
	} else {
		summary_note(&s->summary, OUTCOME_REFUSED, "upstream");
		(void)smtp_proxy_relay(s, &r);
		upstream_free(&s->account.upstream);
		result = &reply_sent_close;
	}
	buf_release(&r.text);
	return result;
}

/*
 * The last line has not left: where the server had spoken before it is no
 * answer to it.
 */
static const struct reply *not_sent_whole(struct sending *p)
{
	return conn_has_said(p->server) ? answered_early(p)
					: leave_unconfirmed(p);
}

/* From here on the server may have the message. */
static const struct reply *send_last_line(struct sending *p)
{
	const struct sink server = {.push = write_to_server, .to = p};
	struct smtp_proxy *s = p->s;
	const struct reply *result;
	struct smtp_reply r;
	struct err e;

	(void)dot_out_end(&p->dot, &server);
	conn_set_deadline(p->server, s->conf->limits.data_timeout, 0);
	if (conn_flush(p->server) != CONN_OK)
		return not_sent_whole(p);
	smtp_reply_init(&r);
	if (smtp_upstream_read(s->account.upstream, &r, &e) < 0 ||
	    r.code / 100 == 3) {
		result = leave_unconfirmed(p);
	} else {
		if (r.code / 100 == 2)
			commit_sent_copy(p);
		else
			summary_note(&s->summary, OUTCOME_REFUSED, "upstream");
		result = smtp_proxy_relay(s, &r);
	}
	buf_release(&r.text);
	return result;
}

static const struct reply *client_lost(struct smtp_proxy *s,
				       enum conn_status status)
{
	bool late = status == CONN_TIMEOUT;

	summary_note(&s->summary, late ? OUTCOME_TIMEOUT : OUTCOME_DROPPED,
		     NULL);
	upstream_free(&s->account.upstream);
	return late ? &smtp_timeout : &reply_sent_close;
}

static const struct reply *send_message(struct sending *p)
{
	const struct sink client = {.push = send_on, .to = p};
	struct smtp_proxy *s = p->s;
	enum conn_status status;

	reply_write(s->conn, &smtp_go_ahead);
	expect_data(s);
	status = conn_flush(s->conn);
	if (status == CONN_OK)
		status = read_to_dot(s->conn, &client);
	if (status != CONN_OK)
		return client_lost(s, status);
	if (!finish_copy(p))
		return not_kept_or_sent(p);
	look_at_server(p);
	return p->answered ? answered_early(p) : send_last_line(p);
}

/* --- DATA ----------------------------------------------------------------- */

/*
 * No message follows, and the client takes the transaction for ended; some
 * servers do not, and would refuse the next one.
 */
static const struct reply *end_transaction(struct smtp_proxy *s,
					   const struct reply *r)
{
	const struct reply *lost = smtp_proxy_reset(s);

	return lost ? lost : r;
}

static const struct reply *data_refused(struct smtp_proxy *s,
					const struct smtp_reply *r)
{
	const struct reply *relayed = smtp_proxy_relay(s, r);

	return relayed == &reply_sent ? end_transaction(s, relayed) : relayed;
}

/* NULL: the server waits for the message. */
static const struct reply *ask_for_data(struct smtp_proxy *s)
{
	const struct reply *refusal = NULL;
	struct smtp_reply r;
	struct err e;

	smtp_reply_init(&r);
	conn_set_deadline(s->account.upstream->conn,
			  s->conf->limits.command_timeout, 0);
	if (smtp_upstream_command(s->account.upstream, &r, &e, "DATA") < 0)
		refusal = smtp_proxy_lost_server(s, &e);
	else if (r.code / 100 < 4 && r.code != 354)
		refusal = smtp_proxy_out_of_turn(s, &r);
	else if (r.code != 354)
		refusal = data_refused(s, &r);
	buf_release(&r.text);
	return refusal;
}

const struct reply *smtp_proxy_data(void *session, const char *arg UNUSED)
{
	struct smtp_proxy *s = session;
	struct sending p = {.s = s, .server = s->account.upstream->conn};
	const struct reply *r;
	struct err e;

	mended_init(&p.mended);
	dot_out_init(&p.dot);
	p.copy = begin_sent_copy(s, &e);
	if (!p.copy) {
		log_error("%s", e.text);
		summary_note(&s->summary, OUTCOME_TEMPFAIL, "store");
		r = end_transaction(s, &reply_not_kept);
	} else {
		r = ask_for_data(s);
		if (!r)
			r = send_message(&p);
	}
	kept_copy_free(&p.copy);
	mailbox_release(s->account.mailbox);
	smtp_proxy_forget_mail(s);
	return r;
}
