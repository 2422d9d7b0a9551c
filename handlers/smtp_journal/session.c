/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SMTP receiver's session: greeting, EHLO, TLS, the end, and the command
 * table, which is the whole protocol on one screen. Never sends mail, never
 * asks for a password, holds no key that opens anything.
 */
#include "common/base.h"
#include "handlers/smtp_journal/session.h"

#include <time.h>

#include "common/log.h"
#include "handlers/session/capability_list.h"
#include "handlers/session/greet.h"
#include "handlers/smtp_journal/state.h"
#include "store/store.h"

/* RFC 5321 4.5.3.1.4, and room for all the extensions' parameters at once. */
enum { SMTP_LINE_MAX = 2048 };

/* Ends no session late: one that is busy is taken in by whoever enters next. */
enum { INDEX_WAIT_MS = 1000 };

/* --- greetings ------------------------------------------------------------ */

/* RFC 5321 4.1.4: a greeting ends the transaction, wherever it comes. */
static void greeted(struct smtp_journal *s, const char *name, bool extended)
{
	smtp_journal_forget_mail(s);
	snprintf(s->helo, sizeof(s->helo), "%s", name + strspn(name, " "));
	s->extended = extended;
}

static const struct reply *helo(void *session, const char *arg)
{
	struct smtp_journal *s = session;

	greeted(s, arg, false);
	conn_printf(s->conn, "250 %s\r\n", s->conf->hostname);
	return &reply_sent;
}

static bool offers_starttls(const struct smtp_journal *s)
{
	return s->tls_mode == TLS_MODE_STARTTLS && !smtp_journal_secure(s);
}

static const struct reply *ehlo(void *session, const char *arg)
{
	struct smtp_journal *s = session;
	const struct capability extensions[] = {
		{"PIPELINING", true},
		{"STARTTLS", offers_starttls(s)},
		{"8BITMIME", true},
		{"SMTPUTF8", true},
		{"ENHANCEDSTATUSCODES", true},
		{"DSN", true},
		{"CHUNKING", s->conf->smtp_journal.chunking},
	};

	greeted(s, arg, true);
	conn_printf(s->conn, "250-%s\r\n", s->conf->hostname);
	capability_list_write(s->conn, "250-", extensions,
			      N_ELEMENTS(extensions));
	conn_printf(s->conn, "250 SIZE %llu\r\n",
		    (unsigned long long)s->conf->smtp_journal.max_size);
	return &reply_sent;
}

/* --- TLS ------------------------------------------------------------------ */

/*
 * RFC 3207 4.2: what was said before may have been said by anybody, and is
 * forgotten. The dispatcher has seen to it that nothing came behind it.
 */
static const struct reply *starttls(void *session, const char *arg UNUSED)
{
	struct smtp_journal *s = session;
	const struct reply *failed;

	if (smtp_journal_secure(s))
		return &smtp_tls_already;
	if (!offers_starttls(s))
		return &smtp_no_starttls;
	failed = greet_start_tls(s->conn, s->conf, &smtp_begin_tls,
				 &smtp_no_certificate, &s->summary);
	if (failed)
		return failed;
	smtp_journal_forget_mail(s);
	s->helo[0] = '\0';
	return &reply_sent;
}

/* --- what changes little or nothing --------------------------------------- */

static const struct reply *rset(void *session, const char *arg UNUSED)
{
	struct smtp_journal *s = session;

	smtp_journal_forget_mail(s);
	return &smtp_ok;
}

static const struct reply *noop(void *session UNUSED, const char *arg UNUSED)
{
	return &smtp_ok;
}

static const struct reply *help(void *session UNUSED, const char *arg UNUSED)
{
	return &smtp_help;
}

/* RFC 5321 7.3: an id is a credential, and is confirmed to nobody. */
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
	START = 1u << SMTP_STATE_START,
	READY = 1u << SMTP_STATE_READY,
	MAIL = 1u << SMTP_STATE_MAIL,
	RCPT = 1u << SMTP_STATE_RCPT,
	CHUNKS = 1u << SMTP_STATE_CHUNKS,
	ANY = START | READY | MAIL | RCPT | CHUNKS,
};

static const struct cmd table[] = {
	{"EHLO", ANY, CMD_ARG_REQUIRED, CMD_PRE_TLS, ehlo},
	{"HELO", ANY, CMD_ARG_REQUIRED, CMD_PRE_TLS, helo},
	{"STARTTLS", START | READY, CMD_ARG_NONE, CMD_PRE_TLS | CMD_LAST,
	 starttls},
	{"MAIL", READY, CMD_ARG_REQUIRED, 0, smtp_journal_mail},
	{"RCPT", MAIL | RCPT, CMD_ARG_REQUIRED, 0, smtp_journal_rcpt},
	{"DATA", RCPT, CMD_ARG_NONE, 0, smtp_journal_data},
	{"BDAT", ANY, CMD_ARG_OPTIONAL, CMD_PRE_TLS, smtp_journal_bdat},
	{"RSET", ANY, CMD_ARG_NONE, CMD_PRE_TLS, rset},
	{"NOOP", ANY, CMD_ARG_OPTIONAL, CMD_PRE_TLS, noop},
	{"HELP", ANY, CMD_ARG_OPTIONAL, 0, help},
	{"VRFY", ANY, CMD_ARG_REQUIRED, 0, vrfy},
	{"QUIT", ANY, CMD_ARG_NONE, CMD_PRE_TLS | CMD_BYE, quit},
};

static unsigned state_of(const void *session)
{
	return smtp_journal_state(session);
}

static bool needs_tls(const void *session)
{
	return smtp_journal_needs_tls(session);
}

/*
 * A client that pipelines sends RCPT and DATA before it reads that MAIL was
 * refused. Where that may pass, so must this: a 503 would lose the copy. And
 * one that sends the message itself without waiting would have it read as
 * commands (RFC 2920 3.1): there the session ends.
 */
static const struct reply *explain(const void *session, const struct cmd *cmd)
{
	const struct smtp_journal *s = session;
	bool data = cmd->run == smtp_journal_data;

	if (data && conn_input_buffered(s->conn))
		return &smtp_behind_data;
	if (s->refused_for_now && (data || cmd->run == smtp_journal_rcpt))
		return &smtp_not_for_now;
	if (data && smtp_journal_state(s) == SMTP_STATE_MAIL)
		return &smtp_no_recipient;
	return NULL;
}

static bool is_envelope(const struct cmd *cmd)
{
	return cmd->run == smtp_journal_mail || cmd->run == smtp_journal_rcpt;
}

/*
 * A line that cannot be read, or not for the mail that it is about: nobody
 * else would tell an administrator why that is not there.
 */
static bool is_bad_line(const struct cmd *cmd, const struct reply *r)
{
	if (!cmd)
		return r == smtp_replies.bad_line || r == smtp_replies.too_long;
	return (is_envelope(cmd) || cmd->run == smtp_journal_data) &&
	       (r == smtp_replies.no_argument ||
		r == smtp_replies.spare_argument);
}

static void answered(void *session, const struct cmd *cmd,
		     const struct reply *r)
{
	struct smtp_journal *s = session;

	smtp_journal_note_reply(s, r);
	if (is_bad_line(cmd, r))
		summary_note(&s->summary, OUTCOME_REFUSED, "syntax");
	if (cmd && is_envelope(cmd) && !(r->flags & REPLY_SENT) &&
	    r->code[0] == '4')
		s->refused_for_now = true;
}

const struct cmd_protocol smtp_journal_protocol = {
	.table = table,
	.n_table = N_ELEMENTS(table),
	.max_line = SMTP_LINE_MAX,
	.replies = &smtp_replies,
	.state = state_of,
	.needs_tls = needs_tls,
	.explain = explain,
	.answered = answered,
};

/* --- the session ---------------------------------------------------------- */

static void account_for(struct smtp_journal *s, const struct smtp_kept *k)
{
	const struct activity activity = {
		.when = time(NULL),
		.program = "smtp-journal",
		.peer = s->peer->text,
		.outcome = outcome_name(k->refused ? OUTCOME_REFUSED
						   : OUTCOME_KEPT),
		.reason = k->reason,
		.messages = k->messages,
		.octets = k->octets,
		.refused = k->refused,
	};
	struct err e;
	struct mailbox *m = smtp_journal_mailbox(s, k->id, &e);

	if (!m || mailbox_account(m, &activity, &e) < 0)
		log_info("%s", e.text);
	mailbox_close(&m);
}

/* Nothing here can lose a message: all that was acknowledged is durable. */
static void end(struct smtp_journal *s)
{
	smtp_journal_forget_mail(s);
	for (size_t i = 0; i < s->n_kept; i++)
		account_for(s, &s->kept[i]);
	s->summary.tls = smtp_journal_tls_version(s);
	s->summary.mailbox = s->n_kept ? s->kept[0].id : NULL;
	s->summary.n_mailboxes = s->n_kept;
	summary_log(&s->summary);
	free(s->kept);
	mailbox_close(&s->last);
	store_free(&s->store);
}

enum outcome smtp_journal_session(struct conn *c, const struct conf *conf,
				  const struct peer *peer, enum tls_mode mode)
{
	const struct cmd_limits limits = {
		.line_seconds = conf->limits.command_timeout,
		.max_faults = conf->limits.faults,
	};
	struct smtp_journal s = {
		.conn = c, .conf = conf, .peer = peer, .tls_mode = mode};
	enum cmd_end why;

	summary_start(&s.summary, peer->text);
	conn_set_session_limit(c, conf->limits.session_max);
	(void)smtp_journal_store(&s);
	if (greet_may_begin(c, conf, mode, &s.summary)) {
		conn_printf(c, "220 %s ESMTP Restante\r\n", conf->hostname);
		why = cmd_loop(c, &smtp_journal_protocol, &limits, &s);
		greet_note_end(&s.summary, why, s.tx != NULL);
	}
	end(&s);
	return s.summary.outcome;
}
