/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AUTH: whose login at which server, and for which mailbox. The mailbox must
 * exist, be active and list the server before anything is dialled. What goes
 * wrong is told in words, with a code that says whether it may pass.
 */
#include "common/base.h"
#include "handlers/smtp_proxy/state.h"

#include "handlers/proxy/login_refusal.h"
#include "handlers/session/sasl_server.h"
#include "handlers/smtp/replies.h"

/* clang-format off */
static const struct reply reply_welcome = {"235", "2.7.0", "Logged in", 0};
static const struct reply reply_no_mechanism = {"504", "5.5.4", "No such mechanism", REPLY_FAULT};
static const struct reply reply_not_base64 = {"501", "5.5.2", "Not base64 with its padding", REPLY_FAULT | REPLY_CLOSE};
static const struct reply reply_malformed = {"501", "5.5.2", "Not what the mechanism says", REPLY_FAULT | REPLY_CLOSE};
static const struct reply reply_for_another = {"535", "5.7.8", "Nobody logs in for another here", REPLY_FAULT};
static const struct reply reply_cancelled = {"501", "5.7.0", "Cancelled", 0};
static const struct reply reply_not_proxied = {"535", "5.7.8", "The user name is user%server%mailbox-id", REPLY_FAULT};
static const struct reply reply_no_mailbox = {"535", "5.7.8", "No such mailbox here", REPLY_FAULT};
static const struct reply reply_suspended = {"454", "4.7.0", "Mailbox suspended", REPLY_NOT_NOW};
static const struct reply reply_no_store = {"454", "4.3.0", "The mailbox cannot be opened now", REPLY_NOT_NOW};
/* clang-format on */

static const struct login_refusal refusals = {
	.not_proxied = &reply_not_proxied,
	.no_mailbox = &reply_no_mailbox,
	.suspended = &reply_suspended,
	.no_store = &reply_no_store,
	.may_pass = {"454", "4.7.0"},
	.refused = {"554", "5.7.0"},
	.credential = {"535", "5.7.8"},
};

static int enter(struct upstream *u, const struct credential *c, void *features,
		 struct err *e)
{
	return smtp_upstream_open(u, features, e) < 0
		       ? -1
		       : smtp_upstream_login(u, c, e);
}

static const struct reply *log_in(struct smtp_proxy *s, struct sasl_login *l,
				  unsigned mechanism)
{
	const struct credential c = {
		.user = s->account.login.user,
		.secret = &l->password,
		.mechanism = mechanism,
	};
	struct err e;
	int result;

	if (proxy_account_open(&s->account, l->user, &e) < 0)
		return login_refusal_here(&refusals, &e);
	result = proxy_account_enter(&s->account, &c, enter, &s->features, &e);
	secret_release(&l->password);
	if (result == 0)
		return &reply_welcome;
	s->features = (struct smtp_features){.pipelining = false};
	return login_refusal_there(&refusals, s->conn, &e);
}

static const struct reply *login_lost(struct smtp_proxy *s,
				      enum conn_status status)
{
	if (status == CONN_TIMEOUT) {
		summary_note(&s->summary, OUTCOME_TIMEOUT, NULL);
		return &smtp_timeout;
	}
	summary_note(&s->summary, OUTCOME_DROPPED, NULL);
	return &reply_sent_close;
}

const struct reply *smtp_proxy_auth(void *session, const char *arg)
{
	struct smtp_proxy *s = session;
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
		r = log_in(s, &login, server.mechanism);
		sasl_login_release(&login);
		break;
	case SASL_CANCELLED:
		r = &reply_cancelled;
		break;
	case SASL_NOT_BASE64:
		r = &reply_not_base64;
		break;
	case SASL_FOR_ANOTHER:
		r = &reply_for_another;
		break;
	case SASL_MALFORMED:
		r = &reply_malformed;
		break;
	case SASL_NO_MECHANISM:
		r = &reply_no_mechanism;
		break;
	case SASL_LOST:
		r = login_lost(s, server.status);
		break;
	}
	return r;
}
