/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The POP3 server's session: greeting, capabilities, TLS, the end, and the
 * command table, which is the whole protocol on one screen. Deletes nothing
 * but what was marked, and nothing but on QUIT.
 */
#include "common/base.h"
#include "handlers/pop3_serve/session.h"

#include "common/tls.h"
#include "handlers/pop3/replies.h"
#include "handlers/pop3_serve/state.h"
#include "handlers/session/capability_list.h"
#include "handlers/session/greet.h"

enum { INDEX_WAIT_MS = 1000 };

static const struct reply reply_ready = {"+OK", "", "Restante ready", 0};

/* --- TLS ------------------------------------------------------------------ */

static bool offers_stls(const struct pop3_serve *s)
{
	return s->tls_mode == TLS_MODE_STARTTLS && !conn_tls(s->conn);
}

/* RFC 2595 4. The dispatcher has seen to it that nothing came behind it. */
static const struct reply *stls(void *session, const char *arg UNUSED)
{
	struct pop3_serve *s = session;
	const struct reply *failed;

	if (!offers_stls(s))
		return &pop3_no_stls;
	failed = greet_start_tls(s->conn, s->conf, &pop3_begin_tls,
				 &pop3_no_certificate, &s->summary);
	if (failed)
		return failed;
	/* What was said in clear may have been said by anybody. */
	summary_forget(&s->summary);
	pop3_serve_enter(s, POP3_AUTHORIZATION);
	return &reply_sent;
}

/* --- what needs neither a login nor a message ----------------------------- */

static const struct reply *capa(void *session, const char *arg UNUSED)
{
	struct pop3_serve *s = session;
	const bool secure = pop3_serve_secure(s);
	const struct capability capabilities[] = {
		{"TOP", true},
		{"UIDL", true},
		{"USER", secure},
		{"SASL PLAIN LOGIN", secure},
		{"STLS", offers_stls(s)},
		{"RESP-CODES", true},
		{"AUTH-RESP-CODE", true},
		{"PIPELINING", true},
		{"EXPIRE NEVER", true},
		{"UTF8", true},
		{"IMPLEMENTATION Restante", true},
	};

	conn_printf(s->conn, "+OK Capabilities follow\r\n");
	capability_list_write(s->conn, "", capabilities,
			      N_ELEMENTS(capabilities));
	conn_printf(s->conn, ".\r\n");
	return &reply_sent;
}

/*
 * RFC 6856 2: nothing follows from it here. Messages are sent as they are kept,
 * with it or without: an archive wants what was sent.
 */
static const struct reply *utf8(void *session UNUSED, const char *arg UNUSED)
{
	return &pop3_utf8;
}

static const struct reply *noop(void *session UNUSED, const char *arg UNUSED)
{
	return &pop3_noop;
}

/* --- the protocol --------------------------------------------------------- */

enum {
	A = 1u << POP3_AUTHORIZATION,
	U = 1u << POP3_USER_GIVEN,
	T = 1u << POP3_TRANSACTION,
};

static const struct cmd table[] = {
	{"CAPA", A | U | T, CMD_ARG_NONE, CMD_PRE_TLS, capa},
	{"STLS", A | U, CMD_ARG_NONE, CMD_PRE_TLS | CMD_LAST, stls},
	{"USER", A | U, CMD_ARG_REQUIRED, CMD_SECRET, pop3_serve_user},
	{"PASS", U, CMD_ARG_REQUIRED, CMD_SECRET, pop3_serve_pass},
	{"AUTH", A | U, CMD_ARG_OPTIONAL, CMD_SECRET | CMD_BASE64,
	 pop3_serve_auth},
	{"UTF8", A | U, CMD_ARG_NONE, CMD_PRE_TLS, utf8},
	{"QUIT", A | U | T, CMD_ARG_NONE, CMD_PRE_TLS | CMD_BYE,
	 pop3_serve_quit},
	{"NOOP", T, CMD_ARG_NONE, 0, noop},
	{"STAT", T, CMD_ARG_NONE, 0, pop3_serve_stat},
	{"LIST", T, CMD_ARG_OPTIONAL, 0, pop3_serve_list},
	{"UIDL", T, CMD_ARG_OPTIONAL, 0, pop3_serve_uidl},
	{"RETR", T, CMD_ARG_REQUIRED, 0, pop3_serve_retr},
	{"TOP", T, CMD_ARG_REQUIRED, 0, pop3_serve_top},
	{"DELE", T, CMD_ARG_REQUIRED, 0, pop3_serve_dele},
	{"RSET", T, CMD_ARG_NONE, 0, pop3_serve_rset},
};

static unsigned state_of(const void *session)
{
	const struct pop3_serve *s = session;

	return s->state;
}

static bool needs_tls(const void *session)
{
	return !pop3_serve_secure(session);
}

static const struct reply *explain(const void *session, const struct cmd *cmd)
{
	const struct pop3_serve *s = session;

	if (s->state == POP3_TRANSACTION)
		return &pop3_logged_in;
	return cmd->states & T ? &pop3_log_in : &pop3_user_first;
}

static void answered(void *session, const struct cmd *cmd UNUSED,
		     const struct reply *r)
{
	struct pop3_serve *s = session;

	if (r == &pop3_need_tls)
		summary_note(&s->summary, OUTCOME_REFUSED, "tls-required");
}

const struct cmd_protocol pop3_serve_protocol = {
	.table = table,
	.n_table = N_ELEMENTS(table),
	.max_line = POP3_LINE_MAX,
	.replies = &pop3_replies,
	.state = state_of,
	.needs_tls = needs_tls,
	.explain = explain,
	.answered = answered,
};

/* --- the session ---------------------------------------------------------- */

static void begin_session(struct pop3_serve *s, struct conn *c,
			  const struct conf *conf, const struct peer *peer,
			  enum tls_mode tls_mode)
{
	*s = (struct pop3_serve){
		.conn = c,
		.conf = conf,
		.peer = peer,
		.tls_mode = tls_mode,
		.place = -1,
		.limits = {.line_seconds = conf->limits.command_timeout,
			   .max_faults = conf->limits.faults},
	};
	summary_start(&s->summary, peer->text);
	conn_set_session_limit(c, conf->limits.session_max);
	/* Scripts, and openssl s_client without -crlf. */
	conn_take_lone_lf(c);
}

/* A client that hung up behind QUIT has collected all the same. */
static void note_end(struct pop3_serve *s, enum cmd_end end)
{
	if (end == CMD_END_CLOSED || s->updated)
		summary_note(&s->summary, pop3_serve_collected_or_idle(s),
			     NULL);
	else
		greet_note_end(&s->summary, end, true);
}

/* A login that ended without QUIT stands in the mailbox's account as well. */
static void record_unfinished(struct pop3_serve *s)
{
	const struct activity activity =
		pop3_serve_activity(s, s->summary.outcome);
	struct err e;

	if (s->mail)
		(void)collection_hung_up(s->mail, &activity, &e);
}

static void end(struct pop3_serve *s)
{
	const struct tls_facts *facts = conn_tls(s->conn);

	record_unfinished(s);
	s->summary.tls = facts ? facts->version : s->peer->tls_version;
	s->summary.mailbox = s->mailbox;
	summary_log(&s->summary);
	explicit_bzero(s->user, sizeof(s->user));
	collection_free(&s->mail);
	pop3_serve_give_place(s);
	store_free(&s->store);
}

static void serve(struct pop3_serve *s)
{
	if (greet_may_begin(s->conn, s->conf, s->tls_mode, &s->summary)) {
		reply_write(s->conn, &reply_ready);
		note_end(s, cmd_loop(s->conn, &pop3_serve_protocol, &s->limits,
				     s));
	}
	end(s);
}

void pop3_serve_session(struct conn *c, const struct conf *conf,
			const struct peer *peer, enum tls_mode tls_mode)
{
	struct pop3_serve s;

	begin_session(&s, c, conf, peer, tls_mode);
	serve(&s);
}

void pop3_serve_confined(struct conn *c, const struct conf *conf,
			 const struct peer *peer, enum tls_mode tls_mode)
{
	struct pop3_serve s;

	begin_session(&s, c, conf, peer, tls_mode);
	s.confined = true;
	serve(&s);
}
