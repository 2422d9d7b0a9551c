/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RETR and TOP: the message goes to the client, line ends mended, and the same
 * octets into a copy. The copy is durable before the client gets the last
 * line; where it cannot be kept, the message is refused, or, behind +OK, the
 * connection cut: no message is fetched that is not kept. Whether a TOP was a
 * fetch, and what is kept then, only RETR says.
 */
#include "common/base.h"
#include "handlers/pop3_proxy/state.h"

#include <time.h>

#include "common/log.h"
#include "common/num.h"
#include "common/sink.h"
#include "common/tls.h"
#include "handlers/mail/dot.h"
#include "handlers/mail/mended.h"
#include "handlers/mail/trace.h"
#include "handlers/pop3/top.h"
#include "handlers/proxy/kept_copy.h"
#include "handlers/session/read_to_dot.h"

static const struct reply reply_not_kept = {"-ERR", "[SYS/TEMP]",
					    "a copy cannot be kept now", 0};
static const struct reply reply_too_big = {
	"-ERR", "[SYS/PERM]",
	"it is larger than what may be kept here, so it stays", 0};
static const struct reply reply_top_syntax = {
	"-ERR", "", "a message number and a line count were expected",
	REPLY_FAULT};
static const struct reply reply_number = {
	"-ERR", "", "a message number was expected", REPLY_FAULT};

enum {
	NUMBER_MAX = 1000000000,
	UIDL_LINES_MAX = 10000000,
	TOP_LINES_ALL = 10000000, /* so many are all there are */
};

/* One message on its way. */
struct fetching {
	struct pop3_proxy *s;
	uint64_t number;
	bool is_top;
	uint64_t top_lines; /* of the body, as asked for */
	struct kept_copy *copy;
	bool to_client, to_copy; /* where what comes now goes to */
	bool copy_failed, too_big;
	struct dot_out dot;
	struct mended mended;
	struct pop3_top top;
	bool has_more;	 /* than the client asked for */
	uint64_t octets; /* from the server, unstuffed */
};

/* --- what the server calls its messages ----------------------------------- */

static int read_uidls(struct pop3_proxy *s, struct err *e)
{
	const struct upstream *u = s->account.upstream;
	bool good;

	pop3_uidls_begin(&s->uidls);
	for (unsigned n = 0; n < UIDL_LINES_MAX; n++) {
		if (upstream_read_entry(s->account.upstream, &good, e) < 0)
			return -1;
		if (good && strcmp(u->line.data, ".") == 0)
			return 0;
		pop3_uidls_add(&s->uidls, u->line.data);
	}
	return err_set(e, ERR_TEMP, "server %s sent a list without an end",
		       u->host);
}

/*
 * The whole list, once: it also says what may be forgotten. The client has not
 * asked for it: a server that has no UIDL is not asked, and where it sends
 * nonsense the messages are told by content alone.
 */
static int ask_uidls(struct pop3_proxy *s, struct err *e)
{
	bool ok = false;

	s->uidls.asked = true;
	if (!s->features.uidl)
		return 0;
	pop3_proxy_expect_data(s);
	if (pop3_upstream_command(s->account.upstream, &ok, e, "UIDL") < 0)
		return -1;
	return ok ? read_uidls(s, e) : 0;
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
	if (proxy_account_room(&s->account, 0, e) < 0 ||
	    proxy_account_hold(&s->account, e) < 0)
		return NULL;
	return kept_copy_begin(s->account.mailbox, &facts, e);
}

/* --- passing -------------------------------------------------------------- */

/* How many of n octets the client asked for. */
static size_t count_wanted(struct fetching *p, const uint8_t *bytes, size_t n)
{
	size_t wanted = p->is_top ? pop3_top_take(&p->top, bytes, n) : n;

	p->has_more |= wanted < n;
	return wanted;
}

static int write_to_client(void *to, const uint8_t *bytes, size_t n)
{
	struct conn *c = to;

	conn_write(c, bytes, n);
	return conn_broken(c) ? -1 : 0;
}

/* Mended: both get the same. -1: the copy failed or the client left. */
static int hand_out_mended(void *to, const uint8_t *bytes, size_t n)
{
	struct fetching *p = to;
	const struct sink client = {.push = write_to_client, .to = p->s->conn};
	size_t wanted = count_wanted(p, bytes, n);

	if (p->to_copy && !p->has_more &&
	    kept_copy_push(p->copy, bytes, n) < 0) {
		p->copy_failed = true;
		return -1;
	}
	return p->to_client ? dot_out_push(&p->dot, bytes, wanted, &client) : 0;
}

static bool is_too_big(const struct pop3_proxy *s, uint64_t octets)
{
	return s->conf->proxy.max_size && octets > s->conf->proxy.max_size;
}

/* Unstuffed octets of the server's. */
static int hand_out(void *to, const uint8_t *bytes, size_t n)
{
	struct fetching *p = to;
	const struct sink mended = {.push = hand_out_mended, .to = p};

	p->octets += n;
	p->too_big |= p->to_copy && is_too_big(p->s, p->octets);
	if (p->too_big)
		return -1;
	if (p->to_copy)
		seen_add_octets(p->s->seen, bytes, n);
	return mended_push(&p->mended, bytes, n, &mended);
}

/* Behind +OK the client must not take for whole what was not kept. */
static const struct reply *cut_unkept(struct fetching *p, const struct err *e)
{
	log_error("%s; the session is cut off", e->text);
	return pop3_proxy_cut(p->s, OUTCOME_TEMPFAIL, "store");
}

/*
 * Reads the server's answer to its end. NULL: all of it went where it had to,
 * but for the last line.
 */
static const struct reply *read_fetched(struct fetching *p)
{
	const struct sink taker = {.push = hand_out, .to = p};
	const struct sink mended = {.push = hand_out_mended, .to = p};
	struct pop3_proxy *s = p->s;
	enum conn_status status;
	bool taken;
	struct err e;

	pop3_proxy_expect_data(s);
	mended_init(&p->mended);
	seen_begin_message(s->seen);
	p->octets = 0;
	status = read_to_dot_while_taken(s->account.upstream->conn, &taker,
					 &taken);
	if (status != CONN_OK) {
		err_set(&e, ERR_TEMP, "server %s broke off a message",
			s->account.upstream->host);
		return pop3_proxy_broken_off(s, &e);
	}
	if (p->too_big)
		return pop3_proxy_cut(s, OUTCOME_REFUSED, "size");
	taken = taken && mended_end(&p->mended, &mended) == 0;
	if (p->copy_failed)
		return cut_unkept(p, kept_copy_err(p->copy));
	return taken ? NULL : pop3_proxy_lost_client(s, conn_flush(s->conn));
}

/* The copy becomes visible, unless the mailbox has the message already. */
static int commit_fetched_copy(struct fetching *p, struct err *e)
{
	unsigned flags = mended_changed(&p->mended) ? MESSAGE_NORMALISED : 0;
	struct pop3_proxy *s = p->s;
	const struct fetched f =
		fetched_of(s, pop3_uidls_get(&s->uidls, p->number));
	bool kept;

	if (kept_copy_end(p->copy) < 0) {
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

/* NULL: kept, where it is a fetch. */
static const struct reply *keep_fetched(struct fetching *p)
{
	struct err e;

	if (p->has_more)
		return NULL;
	if (commit_fetched_copy(p, &e) < 0)
		return cut_unkept(p, &e);
	pop3_uidls_mark_kept(&p->s->uidls, p->number);
	return NULL;
}

static const struct reply *hand_out_last_line(struct fetching *p)
{
	const struct sink client = {.push = write_to_client, .to = p->s->conn};
	struct pop3_proxy *s = p->s;

	summary_note(&s->summary, OUTCOME_RELAYED, NULL);
	if (dot_out_end(&p->dot, &client) < 0)
		return pop3_proxy_lost_client(s, conn_flush(s->conn));
	return &reply_sent;
}

static void write_fetch_status(struct pop3_proxy *s)
{
	conn_printf(s->conn, "%s\r\n", s->account.upstream->line.data);
}

/* The server's answer, behind its status line, is the client's answer. */
static void begin_fetch_answer(struct fetching *p)
{
	conn_begin_answer(p->s->conn);
	write_fetch_status(p->s);
	dot_out_init(&p->dot);
	p->to_client = true;
}

/* --- RETR ----------------------------------------------------------------- */

/* "+OK 1 4711": the octets, 0 where the answer is another one. */
static uint64_t listed_size(const char *answer)
{
	uint64_t size = 0;

	answer += strcspn(answer, " ");
	answer += strspn(answer, " ");
	answer += strcspn(answer, " ");
	answer += strspn(answer, " ");
	(void)num_parse(answer, strcspn(answer, " "), UINT64_MAX, &size);
	return size;
}

/*
 * What is too big is refused before +OK, for behind it the session would have
 * to be cut, at the same message each time.
 */
static int ask_size(struct fetching *p, struct err *e)
{
	struct upstream *u = p->s->account.upstream;
	bool ok;

	if (!p->s->conf->proxy.max_size)
		return 0;
	pop3_proxy_expect_answer(p->s);
	if (pop3_upstream_command(u, &ok, e, "LIST %llu",
				  (unsigned long long)p->number) < 0)
		return -1;
	p->too_big = ok && is_too_big(p->s, listed_size(u->line.data));
	return 0;
}

static const struct reply *not_fetchable(struct fetching *p)
{
	summary_note(&p->s->summary, OUTCOME_REFUSED, "size");
	pop3_uidls_mark_unkept(&p->s->uidls, p->number);
	return &reply_too_big;
}

static int ask_retr(struct fetching *p, bool *ok_r, struct err *e)
{
	pop3_proxy_expect_answer(p->s);
	p->to_copy = true;
	return pop3_upstream_command(p->s->account.upstream, ok_r, e,
				     "RETR %llu",
				     (unsigned long long)p->number);
}

/* All of it is there: kept, and only then the last line. */
static const struct reply *answer_retr(struct fetching *p)
{
	const struct reply *cut;
	struct err e;
	bool ok;

	if (ask_size(p, &e) < 0)
		return pop3_proxy_lost_server(p->s, &e);
	if (p->too_big)
		return not_fetchable(p);
	if (ask_retr(p, &ok, &e) < 0)
		return pop3_proxy_lost_server(p->s, &e);
	if (!ok) {
		write_fetch_status(p->s);
		return &reply_sent;
	}
	begin_fetch_answer(p);
	cut = read_fetched(p);
	if (!cut)
		cut = keep_fetched(p);
	return cut ? cut : hand_out_last_line(p);
}

/* --- TOP ------------------------------------------------------------------ */

/*
 * It is asked for one line more than the client wants: where that comes, the
 * client has not all of the message. A server that minds is asked for what the
 * client wants.
 */
static int ask_top(struct fetching *p, bool *ok_r, struct err *e)
{
	unsigned long long number = p->number, lines = p->top_lines;

	pop3_proxy_expect_answer(p->s);
	if (pop3_upstream_command(p->s->account.upstream, ok_r, e,
				  "TOP %llu %llu", number, lines + 1) < 0)
		return -1;
	if (*ok_r)
		return 0;
	return pop3_upstream_command(p->s->account.upstream, ok_r, e,
				     "TOP %llu %llu", number, lines);
}

/* Nothing can be said about it: so it stays where it is. */
static const struct reply *leave_unkept(struct fetching *p)
{
	log_warn("server %s gave a TOP that may be all of message %llu, but no "
		 "RETR: %s",
		 p->s->account.upstream->host, (unsigned long long)p->number,
		 p->s->account.upstream->line.data);
	pop3_uidls_mark_unkept(&p->s->uidls, p->number);
	return NULL;
}

/*
 * The line more has not come. Many a server gives fewer lines than it is asked
 * for, or counts them otherwise: the message itself is asked for, and where it
 * has no more lines than the client wanted, it is kept. NULL: go on.
 */
static const struct reply *look_at_all_of_it(struct fetching *p)
{
	const struct reply *cut;
	struct err e;
	bool ok;

	p->to_client = false;
	pop3_top_init(&p->top, p->top_lines);
	if (ask_retr(p, &ok, &e) < 0)
		return pop3_proxy_broken_off(p->s, &e);
	if (!ok)
		return leave_unkept(p);
	cut = read_fetched(p);
	return cut ? cut : keep_fetched(p);
}

static const struct reply *answer_top(struct fetching *p)
{
	const struct reply *cut;
	struct err e;
	bool ok;

	if (ask_top(p, &ok, &e) < 0)
		return pop3_proxy_lost_server(p->s, &e);
	if (!ok) {
		write_fetch_status(p->s);
		return &reply_sent;
	}
	begin_fetch_answer(p);
	cut = read_fetched(p);
	if (!cut && !p->has_more)
		cut = look_at_all_of_it(p);
	return cut ? cut : hand_out_last_line(p);
}

/* --- both ----------------------------------------------------------------- */

/* Whoever asks for all lines there are has asked for the message. */
static const struct reply *answer_fetch(struct fetching *p)
{
	return p->is_top && p->top_lines < TOP_LINES_ALL ? answer_top(p)
							 : answer_retr(p);
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
	r = p->copy ? answer_fetch(p) : not_fetched(p, &e);
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
