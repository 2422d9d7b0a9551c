/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The POP3 proxy's session: greeting, capabilities, TLS, the command table,
 * and the end. Passes on only what it understands.
 */
#include "common/base.h"
#include "handlers/pop3_proxy/state.h"

#include "common/tls.h"
#include "handlers/pop3/replies.h"
#include "handlers/session/sasl_server.h"
#include "handlers/session/server_tls.h"

enum {
	/* USER's own limit is 255 (RFC 2449 4); AUTH lines carry tokens. */
	PROXY_LINE_MAX = 12288 + 64,
};

/* --- CAPA ----------------------------------------------------------------- */

static bool offers_stls(const struct pop3_proxy *s)
{
	return s->tls_mode == TLS_MODE_STARTTLS && !pop3_proxy_secure(s);
}

static bool offers_login(const struct pop3_proxy *s)
{
	return pop3_proxy_secure(s) && !s->account.upstream;
}

/* Before the login nearly every server has them; after it we know. */
static bool offers_top(const struct pop3_proxy *s)
{
	return !s->account.upstream || s->features.top;
}

static bool offers_uidl(const struct pop3_proxy *s)
{
	return !s->account.upstream || s->features.uidl;
}

static const struct {
	const char *line;
	bool (*holds)(const struct pop3_proxy *s); /* NULL: always */
} capabilities[] = {
	{"TOP", offers_top},	  {"UIDL", offers_uidl},
	{"USER", offers_login},	  {"STLS", offers_stls},
	{"PIPELINING", NULL},	  {"RESP-CODES", NULL},
	{"AUTH-RESP-CODE", NULL}, {"IMPLEMENTATION Restante", NULL},
};

/*
 * A login may change what the server offers, and most clients do not ask
 * again: so it is asked when they do. NULL: it has answered, or is not there.
 */
static const struct reply *ask_server(struct pop3_proxy *s)
{
	struct err e;

	if (!s->account.upstream)
		return NULL;
	pop3_proxy_expect_answer(s);
	if (pop3_upstream_capa(s->account.upstream, &s->features, &e) < 0)
		return pop3_proxy_lost_server(s, &e);
	return NULL;
}

static const struct reply *capa(void *session, const char *arg UNUSED)
{
	struct pop3_proxy *s = session;
	const struct reply *lost = ask_server(s);

	if (lost)
		return lost;
	conn_printf(s->conn, "+OK\r\n");
	for (size_t i = 0; i < N_ELEMENTS(capabilities); i++)
		if (!capabilities[i].holds || capabilities[i].holds(s))
			conn_printf(s->conn, "%s\r\n", capabilities[i].line);
	if (offers_login(s)) {
		conn_printf(s->conn, "SASL");
		sasl_server_list(s->conn, SASL_ALL, " ", "");
		conn_printf(s->conn, "\r\n");
	}
	conn_printf(s->conn, ".\r\n");
	return &reply_sent;
}

/* --- TLS ------------------------------------------------------------------ */

/* RFC 2595 4: what was said before is forgotten. */
static const struct reply *stls(void *session, const char *arg UNUSED)
{
	struct pop3_proxy *s = session;

	if (!offers_stls(s))
		return &pop3_no_stls;
	switch (server_tls_start(s->conn, s->conf,
				 s->conf->limits.command_timeout,
				 &pop3_begin_tls, &s->summary)) {
	case SERVER_TLS_ON:
		break;
	case SERVER_TLS_NO_CERTIFICATE:
		return &pop3_no_certificate;
	case SERVER_TLS_FAILED:
		return &reply_sent_close;
	}
	s->state = POP3_PROXY_AUTHORIZATION;
	return &reply_sent;
}

/* --- the protocol --------------------------------------------------------- */

enum {
	AUTHORIZATION = 1u << POP3_PROXY_AUTHORIZATION,
	USER_GIVEN = 1u << POP3_PROXY_USER_GIVEN,
	TRANSACTION = 1u << POP3_PROXY_TRANSACTION,
	LOGIN = AUTHORIZATION | USER_GIVEN,
	ANY = LOGIN | TRANSACTION,
};

static const struct cmd table[] = {
	{"CAPA", ANY, CMD_ARG_NONE, CMD_PRE_TLS, capa},
	{"STLS", LOGIN, CMD_ARG_NONE, CMD_PRE_TLS | CMD_LAST, stls},
	{"USER", LOGIN, CMD_ARG_REQUIRED, CMD_SECRET, pop3_proxy_user},
	{"PASS", USER_GIVEN, CMD_ARG_REQUIRED, CMD_SECRET, pop3_proxy_pass},
	{"AUTH", LOGIN, CMD_ARG_OPTIONAL, CMD_SECRET, pop3_proxy_auth},
	{"STAT", TRANSACTION, CMD_ARG_NONE, 0, pop3_proxy_stat},
	{"LIST", TRANSACTION, CMD_ARG_OPTIONAL, 0, pop3_proxy_list},
	{"UIDL", TRANSACTION, CMD_ARG_OPTIONAL, 0, pop3_proxy_uidl},
	{"RETR", TRANSACTION, CMD_ARG_REQUIRED, 0, pop3_proxy_retr},
	{"TOP", TRANSACTION, CMD_ARG_REQUIRED, 0, pop3_proxy_top},
	{"DELE", TRANSACTION, CMD_ARG_REQUIRED, 0, pop3_proxy_dele},
	{"RSET", TRANSACTION, CMD_ARG_NONE, 0, pop3_proxy_rset},
	{"NOOP", TRANSACTION, CMD_ARG_NONE, 0, pop3_proxy_noop},
	{"QUIT", ANY, CMD_ARG_NONE, CMD_PRE_TLS, pop3_proxy_quit},
};

static unsigned state_bit(const void *session)
{
	const struct pop3_proxy *s = session;

	return s->state;
}

static bool needs_tls(const void *session)
{
	return !pop3_proxy_secure(session);
}

static const struct reply *explain(const void *session, const struct cmd *cmd)
{
	const struct pop3_proxy *s = session;

	if (s->state == POP3_PROXY_TRANSACTION)
		return &pop3_logged_in;
	return cmd->run == pop3_proxy_pass ? &pop3_user_first : &pop3_log_in;
}

const struct cmd_protocol pop3_proxy_protocol = {
	.table = table,
	.n_table = N_ELEMENTS(table),
	.max_line = PROXY_LINE_MAX,
	.replies = &pop3_replies,
	.state = state_bit,
	.needs_tls = needs_tls,
	.explain = explain,
};

/* --- the session ---------------------------------------------------------- */

static bool may_greet(struct pop3_proxy *s)
{
	return s->tls_mode != TLS_MODE_IMPLICIT ||
	       server_tls_start(s->conn, s->conf,
				s->conf->limits.command_timeout, NULL,
				&s->summary) == SERVER_TLS_ON;
}

static void note_end(struct pop3_proxy *s, enum cmd_end end)
{
	if (end == CMD_END_TIMEOUT)
		summary_note(&s->summary, OUTCOME_TIMEOUT, NULL);
	else if (end == CMD_END_FAULTS)
		summary_note_faults(&s->summary);
	else if (end == CMD_END_PIPELINED)
		summary_note(&s->summary, OUTCOME_REFUSED, "pipelining");
	else if (end == CMD_END_DROPPED && s->account.upstream)
		summary_note(&s->summary, OUTCOME_DROPPED, NULL);
}

/* A client that vanished sends no QUIT: then the server deletes nothing. */
static void end(struct pop3_proxy *s)
{
	const struct tls_facts *tls = conn_tls(s->conn);

	seen_close(&s->seen);
	pop3_uidls_release(&s->uidls);
	explicit_bzero(s->user, sizeof(s->user));
	proxy_account_end(&s->account, s->handed_over ? NULL : "pop3-proxy",
			  tls ? tls->version : "");
}

enum outcome pop3_proxy_session(struct conn *c, const struct conf *conf,
				const struct peer *peer, enum tls_mode mode,
				struct dialler *dialler)
{
	const struct cmd_limits limits = {
		.line_seconds = conf->proxy.idle_timeout,
		.max_faults = conf->limits.faults,
	};
	struct pop3_proxy s = {
		.conn = c,
		.conf = conf,
		.peer = peer,
		.tls_mode = mode,
		.account = {.conf = conf,
			    .peer = peer,
			    .dialler = dialler,
			    .summary = &s.summary},
		.state = POP3_PROXY_AUTHORIZATION,
	};

	summary_start(&s.summary, peer->text);
	conn_set_session_limit(c, conf->limits.session_max);
	if (may_greet(&s)) {
		conn_printf(c, "+OK Restante ready\r\n");
		note_end(&s, cmd_loop(c, &pop3_proxy_protocol, &limits, &s));
	}
	if (s.handed_over)
		pop3_proxy_collect(&s);
	end(&s);
	return s.summary.outcome;
}
