/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SMTP proxy's session: greeting, TLS, the command table, and the end.
 * Passes on only what it understands, never a word before the login, and no
 * message that is not kept.
 */
#include "common/base.h"
#include "handlers/smtp_proxy/state.h"

#include "common/tls.h"
#include "handlers/session/greet.h"
#include "handlers/smtp/replies.h"

enum {
	PROXY_LINE_MAX = 12288 + 64, /* AUTH with a token, RFC 4954 4 */
	GOODBYE_SECONDS = 5,
};

/* --- TLS ------------------------------------------------------------------ */

/* RFC 3207 4.2: what was said before is forgotten. */
static const struct reply *starttls(void *session, const char *arg UNUSED)
{
	struct smtp_proxy *s = session;
	const struct reply *failed;

	if (smtp_proxy_secure(s))
		return &smtp_tls_already;
	if (!smtp_proxy_offers_starttls(s))
		return &smtp_no_starttls;
	failed = greet_start_tls(s->conn, s->conf, &smtp_begin_tls,
				 &smtp_no_certificate, &s->summary);
	if (failed)
		return failed;
	s->helo[0] = '\0';
	return &reply_sent;
}

/* --- what changes little or nothing --------------------------------------- */

/*
 * Clients ask so whether a connection that has rested is still good: the server
 * is to say it, where there is one.
 */
static const struct reply *noop(void *session, const char *arg UNUSED)
{
	struct smtp_proxy *s = session;
	unsigned code;

	return s->account.upstream ? smtp_proxy_ask(s, &code, "NOOP")
				   : &smtp_ok;
}

static const struct reply *vrfy(void *session UNUSED, const char *arg UNUSED)
{
	return &smtp_cannot_verify;
}

static const struct reply *quit(void *session UNUSED, const char *arg UNUSED)
{
	return &smtp_goodbye;
}

/* --- the protocol --------------------------------------------------------- */

enum {
	START = 1u << SMTP_PROXY_START,
	LOGIN = 1u << SMTP_PROXY_LOGIN,
	READY = 1u << SMTP_PROXY_READY,
	MAIL = 1u << SMTP_PROXY_MAIL,
	RCPT = 1u << SMTP_PROXY_RCPT,
	ANY = START | LOGIN | READY | MAIL | RCPT,
};

static const struct cmd table[] = {
	{"EHLO", ANY, CMD_ARG_REQUIRED, CMD_PRE_TLS, smtp_proxy_ehlo},
	{"HELO", ANY, CMD_ARG_REQUIRED, CMD_PRE_TLS, smtp_proxy_helo},
	{"STARTTLS", START | LOGIN, CMD_ARG_NONE, CMD_PRE_TLS | CMD_LAST,
	 starttls},
	{"AUTH", LOGIN, CMD_ARG_REQUIRED, CMD_SECRET | CMD_BASE64,
	 smtp_proxy_auth},
	{"MAIL", READY, CMD_ARG_REQUIRED, 0, smtp_proxy_mail},
	{"RCPT", MAIL | RCPT, CMD_ARG_REQUIRED, 0, smtp_proxy_rcpt},
	{"DATA", RCPT, CMD_ARG_NONE, 0, smtp_proxy_data},
	{"RSET", ANY, CMD_ARG_NONE, CMD_PRE_TLS, smtp_proxy_rset},
	{"NOOP", ANY, CMD_ARG_OPTIONAL, CMD_PRE_TLS, noop},
	{"VRFY", READY | MAIL | RCPT, CMD_ARG_REQUIRED, 0, vrfy},
	{"QUIT", ANY, CMD_ARG_NONE, CMD_PRE_TLS | CMD_BYE, quit},
};

static unsigned state_bit(const void *session)
{
	return smtp_proxy_state(session);
}

static bool needs_tls(const void *session)
{
	return !smtp_proxy_secure(session);
}

static const struct reply *explain(const void *session, const struct cmd *cmd)
{
	const struct smtp_proxy *s = session;

	if (cmd->run == smtp_proxy_auth && s->account.upstream)
		return &smtp_logged_in;
	if (smtp_proxy_state(s) == SMTP_PROXY_LOGIN)
		return &smtp_need_login;
	return NULL;
}

const struct cmd_protocol smtp_proxy_protocol = {
	.table = table,
	.n_table = N_ELEMENTS(table),
	.max_line = PROXY_LINE_MAX,
	.replies = &smtp_proxy_replies,
	.state = state_bit,
	.needs_tls = needs_tls,
	.explain = explain,
};

/* --- the session ---------------------------------------------------------- */

/* The server is told too, whichever way the client left. */
static void leave_server(struct smtp_proxy *s)
{
	struct err e;

	if (!s->account.upstream)
		return;
	conn_set_deadline(s->account.upstream->conn, GOODBYE_SECONDS, 0);
	(void)upstream_send(s->account.upstream, &e, "QUIT");
	upstream_free(&s->account.upstream);
}

static void end(struct smtp_proxy *s)
{
	const struct tls_facts *tls = conn_tls(s->conn);

	leave_server(s);
	smtp_proxy_forget_mail(s);
	proxy_account_end(&s->account, "smtp-proxy", tls ? tls->version : "");
}

enum outcome smtp_proxy_session(struct conn *c, const struct conf *conf,
				const struct peer *peer, enum tls_mode mode,
				struct dialler *dialler)
{
	const struct cmd_limits limits = {
		.line_seconds = conf->proxy.idle_timeout,
		.max_faults = conf->limits.faults,
	};
	struct smtp_proxy s = {
		.conn = c,
		.conf = conf,
		.peer = peer,
		.tls_mode = mode,
		.account = {.conf = conf,
			    .peer = peer,
			    .dialler = dialler,
			    .summary = &s.summary},
	};
	enum cmd_end why;

	summary_start(&s.summary, peer->text);
	conn_set_session_limit(c, conf->limits.session_max);
	if (greet_may_begin(c, conf, mode, &s.summary)) {
		conn_printf(c, "220 %s ESMTP Restante\r\n", conf->hostname);
		why = cmd_loop(c, &smtp_proxy_protocol, &limits, &s);
		greet_note_end(&s.summary, why, s.tx != NULL);
	}
	end(&s);
	return s.summary.outcome;
}
