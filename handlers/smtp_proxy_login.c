/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AUTH: whose login at which server, and for which mailbox. The mailbox must
 * exist, be active and list the server before anything is dialled. What goes
 * wrong is told in words, with a code that says whether it may pass.
 */
#include "common/base.h"
#include "handlers/smtp_proxy_private.h"

#include "common/log.h"
#include "handlers/proxy_throttle.h"
#include "handlers/sasl_server.h"
#include "handlers/smtp_replies.h"

/* clang-format off */
static const struct reply reply_welcome = {"235", "2.7.0", "Logged in", 0};
static const struct reply reply_no_mechanism = {"504", "5.5.4", "No such mechanism", REPLY_FAULT};
static const struct reply reply_malformed = {"501", "5.5.2", "Not base64, or not what the mechanism says", REPLY_FAULT};
static const struct reply reply_cancelled = {"501", "5.7.0", "Cancelled", 0};
static const struct reply reply_not_proxied = {"535", "5.7.8", "The user name is user%server%mailbox-id", REPLY_FAULT};
static const struct reply reply_no_mailbox = {"535", "5.7.8", "No such mailbox here", REPLY_FAULT};
static const struct reply reply_suspended = {"454", "4.7.0", "Mailbox suspended", 0};
static const struct reply reply_no_store = {"454", "4.3.0", "The mailbox cannot be opened now", 0};
/* clang-format on */

/* In the server's words or ours, cut to a line. */
static const struct reply *refuse(struct session *s, const struct err *e)
{
	bool passes = e->kind == ERR_TEMP || e->kind == ERR_FULL;

	log_warn("%s: login to %s: %s", s->peer->text, s->login.mailbox_id,
		 e->text);
	if (passes)
		smtp_proxy_note(s, OUTCOME_TEMPFAIL, "upstream");
	else
		smtp_proxy_note(s, OUTCOME_AUTH_FAILED, NULL);
	conn_printf(s->conn, "%s %s\r\n", passes ? "454 4.7.0" : "535 5.7.8",
		    e->text);
	return &reply_sent;
}

static const struct reply *no_mailbox(struct session *s, const struct err *e)
{
	if (e->kind == ERR_ABSENT) {
		smtp_proxy_note(s, OUTCOME_AUTH_FAILED, "unknown-mailbox");
		return &reply_no_mailbox;
	}
	log_error("%s", e->text);
	smtp_proxy_note(s, OUTCOME_TEMPFAIL, "store");
	return &reply_no_store;
}

/* NULL: the mailbox is open and active. */
static const struct reply *open_mailbox(struct session *s)
{
	struct err e;

	mailbox_close(&s->mailbox);
	if (!s->store)
		s->store = store_open(s->conf->store, &e);
	if (s->store)
		s->mailbox = mailbox_open(s->store, s->login.mailbox_id, &e);
	if (!s->mailbox)
		return no_mailbox(s, &e);
	if (mailbox_settings(s->mailbox)->suspended) {
		smtp_proxy_note(s, OUTCOME_REFUSED, "suspended");
		return &reply_suspended;
	}
	return NULL;
}

/* Dials, greets, logs in. -1: e says in words why not. */
static int reach_server(struct session *s, const struct credential *c,
			struct err *e)
{
	struct dialled to;

	if (dialler_dial(s->dialler, s->login.mailbox_id, &s->login.server, &to,
			 e) < 0)
		return -1;
	s->upstream = upstream_new(&to, s->login.server.host, s->conf, e);
	if (s->upstream &&
	    smtp_upstream_open(s->upstream, &s->features, e) == 0 &&
	    smtp_upstream_login(s->upstream, c, &s->features, e) == 0)
		return 0;
	upstream_free(&s->upstream);
	s->features = (struct smtp_features){.pipelining = false};
	return -1;
}

static const struct reply *log_in(struct session *s, struct sasl_login *l,
				  bool is_token)
{
	const struct credential c = {
		.user = s->login.user,
		.secret = &l->password,
		.is_token = is_token,
	};
	const struct reply *refusal;
	struct err e;
	int result;

	if (!proxy_login_parse(l->user, &s->login))
		return &reply_not_proxied;
	refusal = open_mailbox(s);
	if (refusal)
		return refusal;
	proxy_throttle_wait(s->conf, s->peer, &s->login.server);
	result = reach_server(s, &c, &e);
	secret_release(&l->password);
	proxy_throttle_note(s->conf, s->peer, &s->login.server,
			    result == 0 || e.kind != ERR_PASSWORD);
	if (result < 0)
		return refuse(s, &e);
	s->summary.outcome = OUTCOME_IDLE; /* whatever went before it */
	s->summary.reason = NULL;
	return &reply_welcome;
}

static const struct reply *lost(struct session *s, enum conn_status status)
{
	if (status == CONN_TIMEOUT) {
		smtp_proxy_note(s, OUTCOME_TIMEOUT, NULL);
		return &smtp_timeout;
	}
	smtp_proxy_note(s, OUTCOME_DROPPED, NULL);
	return &reply_sent_close;
}

const struct reply *smtp_proxy_auth(struct session *s, const char *arg)
{
	struct sasl_server server = {
		.conn = s->conn,
		.prompt = "334 ",
		.seconds = s->conf->proxy.login_timeout,
		.mechanisms = SASL_ALL,
	};
	const struct reply *r = NULL;
	struct sasl_login login;

	switch (sasl_server_run(&server, arg, &login)) {
	case SASL_GIVEN:
		r = log_in(s, &login, server.is_token);
		sasl_login_release(&login);
		break;
	case SASL_CANCELLED:
		r = &reply_cancelled;
		break;
	case SASL_MALFORMED:
		r = &reply_malformed;
		break;
	case SASL_NO_MECHANISM:
		r = &reply_no_mechanism;
		break;
	case SASL_LOST:
		r = lost(s, server.status);
		break;
	}
	return r;
}
