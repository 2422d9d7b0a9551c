/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The POP3 proxy's session: greeting, capabilities, TLS, the command table,
 * and the end. Passes on only what it understands.
 */
#include "common/base.h"
#include "handlers/pop3_proxy/state.h"

#include "common/tls.h"
#include "handlers/pop3/replies.h"
#include "handlers/session/auth_list.h"
#include "handlers/session/capability_list.h"
#include "handlers/session/greet.h"
#include "handlers/session/sasl_server.h"

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

/*
 * A login may change what the server offers, and most clients do not ask
 * again: so it is asked when they do. NULL: it has answered, or is not there.
 */
static const struct reply *ask_capa(struct pop3_proxy *s)
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
	const struct reply *lost = ask_capa(s);
	const struct capability capabilities[] = {
		{"TOP", offers_top(s)},	   {"UIDL", offers_uidl(s)},
		{"USER", offers_login(s)}, {"STLS", offers_stls(s)},
		{"PIPELINING", true},	   {"RESP-CODES", true},
		{"AUTH-RESP-CODE", true},  {"IMPLEMENTATION Restante", true},
	};

	if (lost)
		return lost;
	conn_printf(s->conn, "+OK\r\n");
	capability_list_write(s->conn, "", capabilities,
			      N_ELEMENTS(capabilities));
	if (offers_login(s))
		auth_list_capability(s->conn, "SASL", SASL_ALL);
	conn_printf(s->conn, ".\r\n");
	return &reply_sent;
}

/* --- TLS ------------------------------------------------------------------ */

/* RFC 2595 4: what was said before is forgotten. */
static const struct reply *stls(void *session, const char *arg UNUSED)
{
	struct pop3_proxy *s = session;
	const struct reply *failed;

	if (!offers_stls(s))
		return &pop3_no_stls;
	failed = greet_start_tls(s->conn, s->conf, &pop3_begin_tls,
				 &pop3_no_certificate, &s->summary);
	if (failed)
		return failed;
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
	{"AUTH", LOGIN, CMD_ARG_OPTIONAL, CMD_SECRET | CMD_BASE64,
	 pop3_proxy_auth},
	{"STAT", TRANSACTION, CMD_ARG_NONE, 0, pop3_proxy_stat},
	{"LIST", TRANSACTION, CMD_ARG_OPTIONAL, 0, pop3_proxy_list},
	{"UIDL", TRANSACTION, CMD_ARG_OPTIONAL, 0, pop3_proxy_uidl},
	{"RETR", TRANSACTION, CMD_ARG_REQUIRED, 0, pop3_proxy_retr},
	{"TOP", TRANSACTION, CMD_ARG_REQUIRED, 0, pop3_proxy_top},
	{"DELE", TRANSACTION, CMD_ARG_REQUIRED, 0, pop3_proxy_dele},
	{"RSET", TRANSACTION, CMD_ARG_NONE, 0, pop3_proxy_rset},
	{"NOOP", TRANSACTION, CMD_ARG_NONE, 0, pop3_proxy_noop},
	{"QUIT", ANY, CMD_ARG_NONE, CMD_PRE_TLS | CMD_BYE, pop3_proxy_quit},
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
	enum cmd_end why;

	summary_start(&s.summary, peer->text);
	conn_set_session_limit(c, conf->limits.session_max);
	if (greet_may_begin(c, conf, mode, &s.summary)) {
		conn_printf(c, "+OK Restante ready\r\n");
		why = cmd_loop(c, &pop3_proxy_protocol, &limits, &s);
		greet_note_end(&s.summary, why, s.account.upstream != NULL);
	}
	if (s.handed_over)
		pop3_proxy_collect(&s);
	end(&s);
	return s.summary.outcome;
}
