/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RETR and TOP: the message goes to the client as it comes, and into a copy.
 * The copy is durable before the client gets the last line; where it cannot
 * be kept, the message is refused, or, behind +OK, the connection cut: no
 * message is fetched that is not kept.
 */
#include "common/base.h"
#include "handlers/pop3_proxy/state.h"

#include <time.h>

#include "common/crlf.h"
#include "common/log.h"
#include "common/num.h"
#include "common/sink.h"
#include "common/tls.h"
#include "handlers/mail/dot.h"
#include "handlers/mail/trace.h"
#include "handlers/pop3/top.h"
#include "handlers/proxy/kept_copy.h"
#include "handlers/session/read_to_dot.h"

static const struct reply reply_not_kept = {"-ERR", "[SYS/TEMP]",
					    "a copy cannot be kept now", 0};
static const struct reply reply_top_syntax = {
	"-ERR", "", "a message number and a line count were expected",
	REPLY_FAULT};
static const struct reply reply_number = {
	"-ERR", "", "a message number was expected", REPLY_FAULT};

enum {
	NUMBER_MAX = 1000000000,
	UIDL_LINES_MAX = 10000000,
	TOP_LINES_MAX = 10000000, /* more are all there are */
};

/* One message on its way. */
struct fetching {
	struct pop3_proxy *s;
	uint64_t number;
	bool is_top;
	uint64_t top_lines; /* of the body, as asked for */
	struct kept_copy *copy;
	bool copy_failed;
	struct dot_out dot;
	struct crlf crlf;
	struct pop3_top top;
	bool has_more;	 /* than the client asked for */
	uint64_t octets; /* from the server, unstuffed */
};

/* --- what the server calls its messages ----------------------------------- */

/* The whole list, once: it also says what may be forgotten. */
static int ask_uidls(struct pop3_proxy *s, struct err *e)
{
	bool ok;

	s->uidls.asked = true;
	pop3_proxy_expect_data(s);
	if (pop3_upstream_command(s->account.upstream, &ok, e, "UIDL") < 0)
		return -1;
	if (!ok)
		return 0; /* a server without UIDL: told by content alone */
	pop3_uidls_begin(&s->uidls);
	for (unsigned n = 0; n < UIDL_LINES_MAX; n++) {
		if (upstream_read_line(s->account.upstream, e) < 0)
			return -1;
		if (strcmp(s->account.upstream->line.data, ".") == 0)
			return 0;
		pop3_uidls_add(&s->uidls, s->account.upstream->line.data);
	}
	return err_set(e, ERR_TEMP, "server %s sent a list without an end",
		       s->account.upstream->host);
}

static struct fetched fetched_of(const struct pop3_proxy *s, const char *uidl)
{
	return (struct fetched){
		.server = s->account.login.server.host,
		.user = s->account.login.user,
		.uidl = uidl,
	};
}

/* What the server's own list no longer has is forgotten. */
static void forget_the_rest(struct pop3_proxy *s)
{
	const struct fetched account = fetched_of(s, "");
	const char **known;
	struct err e;
	size_t n = 0;

	if (!s->uidls.complete)
		return;
	known = xcalloc(s->uidls.n + 1, sizeof(*known));
	known[n++] = ""; /* what was told by content alone stays */
	for (size_t i = 0; i < s->uidls.n; i++)
		if (s->uidls.list[i])
			known[n++] = s->uidls.list[i];
	if (seen_retain(s->seen, &account, known, n, &e) < 0)
		log_warn("%s", e.text);
	free(known);
}

/* Before the first fetch. -1: nothing can be kept, e says why. */
static int prepare(struct pop3_proxy *s, bool *lost_server_r, struct err *e)
{
	*lost_server_r = false;
	if (s->seen)
		return 0;
	s->seen = seen_open(s->account.mailbox, e);
	if (!s->seen)
		return -1;
	if (!s->uidls.asked && ask_uidls(s, e) < 0) {
		*lost_server_r = true;
		return -1;
	}
	forget_the_rest(s);
	return 0;
}

/* --- the copy ------------------------------------------------------------- */

static struct kept_copy *begin_fetched_copy(struct pop3_proxy *s, struct err *e)
{
	const struct tls_facts *tls = conn_tls(s->conn);
	const struct trace trace = {
		.hostname = s->conf->hostname,
		.helo = s->account.login.server.host,
		.peer = s->peer,
		.protocol = "POP3S",
		.tls_version = tls ? tls->version : "",
		.tls_cipher = tls ? tls->cipher : "",
		.client_name = "",
		.note = "fetched by the client named above",
		.when = time(NULL),
	};
	char server[PROXY_SERVER_SIZE];
	const char *const account = s->account.login.user;
	const struct copy_facts facts = {
		.trace = &trace,
		.domain = s->conf->domain,
		.account = account,
		.server = server,
		.sender = "",
		.recipients = &account,
		.n_recipients = 1,
	};

	proxy_account_server(&s->account, server);
	if (store_room(s->account.store, 0, s->conf->limits.reserve, e) < 0 ||
	    proxy_account_hold(&s->account, e) < 0)
		return NULL;
	return kept_copy_begin(s->account.mailbox, &facts, e);
}

static int push_copy(void *to, const uint8_t *bytes, size_t n)
{
	struct fetching *p = to;

	return kept_copy_push(p->copy, bytes, n);
}

/* --- how much of it ------------------------------------------------------- */

/*
 * TOP is asked for one line more than the client wants: where that does not
 * come, the client has the whole message. Sizes in LIST would say it too, but
 * many a server only estimates them.
 */
static uint64_t lines_to_ask_for(uint64_t wanted)
{
	return wanted < TOP_LINES_MAX ? wanted + 1 : wanted;
}

/* How many of n octets the client asked for. */
static size_t count_wanted(struct fetching *p, const uint8_t *bytes, size_t n)
{
	size_t wanted = p->is_top ? pop3_top_take(&p->top, bytes, n) : n;

	p->has_more |= wanted < n;
	return wanted;
}

/* --- passing -------------------------------------------------------------- */

static int write_to_client(void *to, const uint8_t *bytes, size_t n)
{
	struct conn *c = to;

	conn_write(c, bytes, n);
	return conn_broken(c) ? -1 : 0;
}

/* Unstuffed octets of the server's. -1: the copy failed or the client left. */
static int hand_out(void *to, const uint8_t *bytes, size_t n)
{
	struct fetching *p = to;
	const struct sink copy = {.push = push_copy, .to = p};
	const struct sink client = {.push = write_to_client, .to = p->s->conn};
	size_t wanted = count_wanted(p, bytes, n);

	if (p->has_more) /* there will be no copy */
		return dot_out_push(&p->dot, bytes, wanted, &client);
	p->octets += n;
	seen_add_octets(p->s->seen, bytes, n);
	if (crlf_push(&p->crlf, bytes, n, &copy) < 0) {
		p->copy_failed = true;
		return -1;
	}
	return dot_out_push(&p->dot, bytes, wanted, &client);
}

/* Behind +OK the client must not take for whole what was not kept. */
static const struct reply *cut_unkept(struct fetching *p, const struct err *e)
{
	log_error("%s; the session is cut off", e->text);
	return pop3_proxy_cut(p->s, OUTCOME_TEMPFAIL, "store");
}

/* The copy becomes visible, unless the mailbox has the message already. */
static int commit_fetched_copy(struct fetching *p, struct err *e)
{
	const struct sink copy = {.push = push_copy, .to = p};
	unsigned flags = p->crlf.changed ? MESSAGE_NORMALISED : 0;
	struct pop3_proxy *s = p->s;
	const struct fetched f =
		fetched_of(s, pop3_uidls_get(&s->uidls, p->number));
	bool kept;

	if (crlf_end(&p->crlf, &copy) < 0 || kept_copy_end(p->copy) < 0) {
		*e = *kept_copy_err(p->copy);
		return -1;
	}
	if (seen_keep(s->seen, &f, kept_copy_delivery(p->copy), flags, &kept,
		      e) < 0)
		return -1;
	s->summary.messages += kept;
	s->summary.octets += kept ? p->octets : 0;
	return 0;
}

/* All of it is here: kept, and only then the last line. */
static const struct reply *finish_fetch(struct fetching *p)
{
	const struct sink client = {.push = write_to_client, .to = p->s->conn};
	struct pop3_proxy *s = p->s;
	struct err e;

	if (!p->has_more) {
		if (commit_fetched_copy(p, &e) < 0)
			return cut_unkept(p, &e);
		pop3_uidls_mark_kept(&s->uidls, p->number);
	}
	summary_note(&s->summary, OUTCOME_RELAYED, NULL);
	if (dot_out_end(&p->dot, &client) < 0)
		return pop3_proxy_lost_client(s, conn_flush(s->conn));
	return &reply_sent;
}

static const struct reply *hand_out_message(struct fetching *p)
{
	const struct sink taker = {.push = hand_out, .to = p};
	struct pop3_proxy *s = p->s;
	enum conn_status status;
	bool taken;
	struct err e;

	conn_printf(s->conn, "%s\r\n", s->account.upstream->line.data);
	pop3_proxy_expect_data(s);
	dot_out_init(&p->dot);
	crlf_init(&p->crlf);
	seen_begin_message(s->seen);
	status = read_to_dot_while_taken(s->account.upstream->conn, &taker,
					 &taken);
	if (status != CONN_OK) {
		err_set(&e, ERR_TEMP, "server %s broke off a message",
			s->account.upstream->host);
		return pop3_proxy_broken_off(s, &e);
	}
	if (p->copy_failed)
		return cut_unkept(p, kept_copy_err(p->copy));
	if (!taken)
		return pop3_proxy_lost_client(s, conn_flush(s->conn));
	return finish_fetch(p);
}

/* The command itself, once a copy has been begun. */
static const struct reply *ask_for_message(struct fetching *p)
{
	struct pop3_proxy *s = p->s;
	unsigned long long number = p->number;
	struct err e;
	bool ok;
	int sent;

	pop3_proxy_expect_answer(s);
	if (p->is_top)
		sent = pop3_upstream_command(
			s->account.upstream, &ok, &e, "TOP %llu %llu", number,
			(unsigned long long)lines_to_ask_for(p->top_lines));
	else
		sent = pop3_upstream_command(s->account.upstream, &ok, &e,
					     "RETR %llu", number);
	if (sent < 0)
		return pop3_proxy_lost_server(s, &e);
	if (ok)
		return hand_out_message(p);
	conn_printf(s->conn, "%s\r\n", s->account.upstream->line.data);
	return &reply_sent;
}

static const struct reply *not_fetched(struct fetching *p, const struct err *e)
{
	log_error("%s", e->text);
	summary_note(&p->s->summary, OUTCOME_TEMPFAIL, "store");
	pop3_uidls_mark_unkept(&p->s->uidls, p->number);
	return &reply_not_kept;
}

static const struct reply *fetch(struct fetching *p)
{
	struct pop3_proxy *s = p->s;
	const struct reply *r;
	bool lost_server;
	struct err e;

	if (prepare(s, &lost_server, &e) < 0)
		return lost_server ? pop3_proxy_lost_server(s, &e)
				   : not_fetched(p, &e);
	p->copy = begin_fetched_copy(s, &e);
	r = p->copy ? ask_for_message(p) : not_fetched(p, &e);
	kept_copy_free(&p->copy);
	mailbox_release(s->account.mailbox);
	return r;
}

const struct reply *pop3_proxy_retr(void *session, const char *arg)
{
	struct pop3_proxy *s = session;
	struct fetching p = {.s = s};

	if (!num_parse(arg, strlen(arg), NUMBER_MAX, &p.number))
		return &reply_number;
	return fetch(&p);
}

const struct reply *pop3_proxy_top(void *session, const char *arg)
{
	struct pop3_proxy *s = session;
	struct fetching p = {.s = s, .is_top = true};
	size_t n = strcspn(arg, " ");
	const char *lines = arg + n + (arg[n] == ' ');

	if (!num_parse(arg, n, NUMBER_MAX, &p.number) ||
	    !num_parse(lines, strlen(lines), UINT64_MAX, &p.top_lines))
		return &reply_top_syntax;
	pop3_top_init(&p.top, p.top_lines);
	return fetch(&p);
}
