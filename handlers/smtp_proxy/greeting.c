/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * EHLO, HELO and RSET: what is offered, and what ends a transaction. Before the
 * login never a word to the server, for nobody knows yet which it is.
 */
#include "common/base.h"
#include "handlers/smtp_proxy/state.h"

#include "common/conf.h"
#include "handlers/session/auth_list.h"
#include "handlers/session/capability_list.h"
#include "handlers/session/sasl_server.h"
#include "handlers/smtp/replies.h"

const struct reply *smtp_proxy_rset(void *session, const char *arg UNUSED)
{
	struct smtp_proxy *s = session;
	const struct reply *lost =
		s->account.upstream ? smtp_proxy_reset(s) : NULL;

	return lost ? lost : &smtp_ok;
}

/* RFC 5321 4.1.4: a greeting ends the transaction, wherever it comes. */
static void note_greeting(struct smtp_proxy *s, const char *name)
{
	snprintf(s->helo, sizeof(s->helo), "%s", name + strspn(name, " "));
}

const struct reply *smtp_proxy_helo(void *session, const char *arg)
{
	struct smtp_proxy *s = session;
	const struct reply *lost = s->tx ? smtp_proxy_reset(s) : NULL;

	note_greeting(s, arg);
	if (lost)
		return lost;
	conn_printf(s->conn, "250 %s\r\n", s->conf->hostname);
	return &reply_sent;
}

static bool offers_auth(const struct smtp_proxy *s)
{
	return smtp_proxy_secure(s) && !s->account.upstream;
}

/*
 * Before the login nobody knows the server, and most clients do not ask again
 * behind it: what is not offered now they never have. What the server lacks is
 * refused where it is needed.
 */
static bool offers_utf8(const struct smtp_proxy *s)
{
	return !s->account.upstream || s->features.smtputf8;
}

static bool offers_eightbit(const struct smtp_proxy *s)
{
	return !s->account.upstream || s->features.eightbit;
}

static bool offers_enhanced(const struct smtp_proxy *s)
{
	return !s->account.upstream || s->features.enhanced;
}

static bool offers_dsn(const struct smtp_proxy *s)
{
	return !s->account.upstream || s->features.dsn;
}

/*
 * A login may change what the server offers, and most clients do not ask
 * again: so it is asked when they do. NULL: it has answered, or is not there.
 */
static const struct reply *ask_ehlo(struct smtp_proxy *s)
{
	struct err e;

	if (!s->account.upstream)
		return NULL;
	smtp_proxy_forget_mail(s);
	conn_set_deadline(s->account.upstream->conn,
			  s->conf->limits.command_timeout, 0);
	if (smtp_upstream_ehlo(s->account.upstream, &s->features, &e) < 0)
		return smtp_proxy_lost_server(s, &e);
	return NULL;
}

static void write_extensions(const struct smtp_proxy *s)
{
	const struct capability extensions[] = {
		{"PIPELINING", true},
		{"8BITMIME", offers_eightbit(s)},
		{"ENHANCEDSTATUSCODES", offers_enhanced(s)},
		{"STARTTLS", smtp_proxy_offers_starttls(s)},
		{"SMTPUTF8", offers_utf8(s)},
		{"DSN", offers_dsn(s)},
	};

	capability_list_write(s->conn, "250-", extensions,
			      N_ELEMENTS(extensions));
	if (offers_auth(s))
		auth_list_capability(s->conn, "250-AUTH", SASL_ALL);
}

/* The smaller one of the server's limit and ours; 0: neither has one. */
static uint64_t offered_size(const struct smtp_proxy *s)
{
	uint64_t ours = s->conf->proxy.max_size, theirs = s->features.max_size;

	return ours && (!theirs || ours < theirs) ? ours : theirs;
}

const struct reply *smtp_proxy_ehlo(void *session, const char *arg)
{
	struct smtp_proxy *s = session;
	const struct reply *lost = ask_ehlo(s);
	uint64_t size;

	note_greeting(s, arg);
	if (lost)
		return lost;
	conn_printf(s->conn, "250-%s\r\n", s->conf->hostname);
	write_extensions(s);
	size = offered_size(s);
	if (size)
		conn_printf(s->conn, "250 SIZE %llu\r\n",
			    (unsigned long long)size);
	else
		conn_printf(s->conn, "250 SIZE\r\n");
	return &reply_sent;
}
