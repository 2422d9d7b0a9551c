/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages on their way to the collector: RETR and TOP, one chunk at a time.
 * What cannot be opened is refused before +OK; behind it the connection is
 * cut, because the final dot would say that this was the whole message.
 */
#include "common/base.h"
#include "handlers/pop3_serve/state.h"

#include <inttypes.h>

#include "common/log.h"
#include "common/num.h"
#include "common/sink.h"
#include "handlers/mail/dot.h"
#include "handlers/pop3/top.h"

static const struct reply reply_top_syntax = {
	"-ERR", "", "A message number and a line count were expected",
	REPLY_FAULT};
static const struct reply reply_gone = {"-ERR", "[SYS/PERM]",
					"This message is gone", 0};
static const struct reply reply_unreadable = {
	"-ERR", "[SYS/TEMP]", "This message cannot be read now", 0};

/* One message being sent. */
struct transfer {
	struct pop3_serve *session;
	size_t number; /* as the client counts */
	struct message message;
	struct reader *reader;
	struct pop3_top *top; /* NULL: all of it */
	struct dot_out dots;
	struct sink sink;
	uint64_t sent; /* octets of the message, dots not counted twice */
};

static int push_to_conn(void *to, const uint8_t *bytes, size_t n)
{
	struct conn *c = to;

	conn_write(c, bytes, n);
	return conn_broken(c) ? -1 : 0;
}

/* Before +OK. The peer did nothing wrong, so no fault is counted. */
static const struct reply *refuse_message(const struct transfer *t,
					  const struct err *e)
{
	log_error("%s", e->text);
	if (e->kind == ERR_ABSENT)
		return &reply_gone;
	if (e->kind != ERR_DAMAGED)
		return &reply_unreadable;
	conn_printf(t->session->conn,
		    "-ERR [SYS/PERM] Message %zu is damaged and stays here\r\n",
		    t->number);
	return &reply_sent;
}

/* Behind +OK: the collector must not take for whole what is not. */
static const struct reply *cut_off(const struct transfer *t,
				   const struct err *e)
{
	log_error("%s; the session is cut off", e->text);
	return pop3_serve_cut(t->session, OUTCOME_ERROR, "message");
}

static const struct reply *retr_lost(const struct transfer *t)
{
	return pop3_serve_cut_lost(t->session, conn_flush(t->session->conn));
}

static void write_ok(const struct transfer *t)
{
	struct conn *c = t->session->conn;

	pop3_serve_expect_long_answer(t->session);
	conn_begin_answer(c);
	if (t->top)
		conn_printf(c, "+OK Top of message follows\r\n");
	else
		conn_printf(c, "+OK %" PRIu64 " octets\r\n", t->message.octets);
}

/* The part of a chunk that is wanted. False: the peer is gone. */
static bool send_part(struct transfer *t, const uint8_t *bytes, size_t n)
{
	if (t->top)
		n = pop3_top_take(t->top, bytes, n);
	t->sent += n;
	return dot_out_push(&t->dots, bytes, n, &t->sink) == 0;
}

/* Counts a message that went out whole, and grants the session more time. */
static const struct reply *count_sent(const struct transfer *t)
{
	struct pop3_serve *s = t->session;

	if (t->sent == t->message.octets) {
		s->summary.messages++;
		s->summary.octets += t->sent;
	}
	conn_set_session_limit(s->conn, s->conf->limits.session_max);
	s->mail_pending = conn_input_buffered(s->conn);
	return &reply_sent;
}

static const struct reply *stream(struct transfer *t)
{
	struct err e = {.kind = ERR_NONE};
	const uint8_t *bytes;
	size_t n;

	/* The first chunk opens before +OK: for most messages that is all. */
	if (reader_next(t->reader, &bytes, &n, &e) < 0)
		return refuse_message(t, &e);
	write_ok(t);
	while (n) {
		if (!send_part(t, bytes, n))
			return retr_lost(t);
		if (t->top && pop3_top_done(t->top))
			break;
		if (reader_next(t->reader, &bytes, &n, &e) < 0)
			return cut_off(t, &e);
	}
	if (dot_out_end(&t->dots, &t->sink) < 0)
		return retr_lost(t);
	return count_sent(t);
}

static const struct reply *send_message(struct pop3_serve *s, size_t i,
					struct pop3_top *top)
{
	struct err e = {.kind = ERR_NONE};
	struct transfer t = {
		.session = s,
		.number = i + 1,
		.message = collection_message(s->mail, i),
		.top = top,
		.sink = {.push = push_to_conn, .to = s->conn},
	};
	const struct reply *r;

	t.reader = reader_open(s->mail, i, &e);
	if (!t.reader)
		return refuse_message(&t, &e);
	dot_out_init(&t.dots);
	r = stream(&t);
	reader_close(&t.reader);
	return r;
}

const struct reply *pop3_serve_retr(void *session, const char *arg)
{
	struct pop3_serve *s = session;
	const struct reply *refusal;
	size_t i;

	refusal = pop3_serve_find_message(s, arg, strlen(arg), &i);
	return refusal ? refusal : send_message(s, i, NULL);
}

const struct reply *pop3_serve_top(void *session, const char *arg)
{
	struct pop3_serve *s = session;
	size_t number_len = strcspn(arg, " ");
	const char *count = arg + number_len;
	const struct reply *refusal;
	struct pop3_top top;
	uint64_t lines;
	size_t i;

	if (*count)
		count++;
	if (!num_parse(count, strlen(count), UINT64_MAX, &lines))
		return &reply_top_syntax;
	refusal = pop3_serve_find_message(s, arg, number_len, &i);
	if (refusal)
		return refusal;
	pop3_top_init(&top, lines);
	return send_message(s, i, &top);
}
