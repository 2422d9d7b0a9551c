/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * USER and PASS, and AUTH: whose login at which server, and for which mailbox;
 * a user without a "%" is a collector's and goes to pop3-serve. The mailbox
 * must exist, be active and list the server before anything is dialled.
 */
#include "common/base.h"
#include "handlers/pop3_proxy/state.h"

#include "handlers/pop3/replies.h"
#include "handlers/proxy/login_refusal.h"
#include "handlers/session/auth_list.h"
#include "handlers/session/sasl_server.h"

static const struct reply reply_welcome = {"+OK", "", "Logged in", 0};
static const struct reply reply_not_proxied = {
	"-ERR", "[AUTH]", "The user name is user%server%mailbox-id",
	REPLY_FAULT};
static const struct reply reply_no_mailbox = {
	"-ERR", "[AUTH]", "No such mailbox here", REPLY_FAULT};
static const struct reply reply_suspended = {
	"-ERR", "[SYS/TEMP]", "Mailbox suspended", REPLY_NOT_NOW};
static const struct reply reply_mechanism = {
	"-ERR", "", "No such mechanism: PLAIN, LOGIN, XOAUTH2, OAUTHBEARER",
	REPLY_FAULT};
static const struct reply reply_no_store = {"-ERR", "[SYS/TEMP]",
					    "The mailbox cannot be opened now",
					    REPLY_NOT_NOW};

/* RFC 3206 tells what may pass from what is a word about the credential. */
static const struct login_refusal refusals = {
	.not_proxied = &reply_not_proxied,
	.no_mailbox = &reply_no_mailbox,
	.suspended = &reply_suspended,
	.no_store = &reply_no_store,
	.may_pass = {"-ERR", "[SYS/TEMP]"},
	.refused = {"-ERR", "[SYS/PERM]"},
	.credential = {"-ERR", "[AUTH]"},
};

static int enter(struct upstream *u, const struct credential *c, void *features,
		 struct err *e)
{
	return pop3_upstream_open(u, features, e) < 0
		       ? -1
		       : pop3_upstream_login(u, c, features, e);
}

static const struct reply *log_in_there(struct pop3_proxy *s, const char *user,
					const struct secret *secret,
					unsigned mechanism)
{
	const struct credential c = {
		.user = s->account.login.user,
		.secret = secret,
		.mechanism = mechanism,
	};
	struct err e;

	if (proxy_account_open(&s->account, user, &e) < 0)
		return login_refusal_here(&refusals, &e);
	if (proxy_account_enter(&s->account, &c, enter, &s->features, &e) < 0) {
		s->features = (struct pop3_features){.capa = false};
		return login_refusal_there(&refusals, s->conn, &e);
	}
	s->state = POP3_PROXY_TRANSACTION;
	return &reply_welcome;
}

const struct reply *pop3_proxy_user(void *session, const char *arg)
{
	struct pop3_proxy *s = session;
	size_t n = strlen(arg);

	/* The dispatcher leaves a line alone that may end in a password. */
	while (n && arg[n - 1] == ' ')
		n--;
	if (n >= sizeof(s->user))
		return &reply_not_proxied;
	memcpy(s->user, arg, n);
	s->user[n] = '\0';
	s->state = POP3_PROXY_USER_GIVEN;
	if (proxy_login_is_meant(s->user))
		return &pop3_password;
	return pop3_proxy_hand_over(s, s->user, NULL);
}

const struct reply *pop3_proxy_pass(void *session, const char *arg)
{
	struct pop3_proxy *s = session;
	struct secret password = SECRET_EMPTY;
	const struct reply *r;

	secret_set(&password, arg, strlen(arg));
	s->state = POP3_PROXY_AUTHORIZATION;
	r = log_in_there(s, s->user, &password, SASL_USER_PASS);
	secret_release(&password);
	return r;
}

static const struct reply *take_login(struct pop3_proxy *s,
				      struct sasl_login *l, unsigned mechanism)
{
	const struct reply *r;

	if (proxy_login_is_meant(l->user))
		r = log_in_there(s, l->user, &l->password, mechanism);
	else if (mechanism & SASL_TOKENS)
		r = &reply_not_proxied;
	else
		r = pop3_proxy_hand_over(s, l->user, &l->password);
	sasl_login_release(l);
	return r;
}

const struct reply *pop3_proxy_auth(void *session, const char *arg)
{
	struct pop3_proxy *s = session;
	struct sasl_server server = {
		.conn = s->conn,
		.prompt = "+ ",
		.seconds = s->conf->proxy.login_timeout,
		.mechanisms = SASL_ALL,
	};
	struct sasl_login login;

	if (!*arg) {
		auth_list_bare(s->conn, SASL_ALL);
		return &reply_sent;
	}
	switch (sasl_server_run(&server, arg, &login)) {
	case SASL_GIVEN:
		return take_login(s, &login, server.mechanism);
	case SASL_CANCELLED:
		return &pop3_cancelled;
	case SASL_NOT_BASE64:
		return &pop3_not_base64;
	case SASL_FOR_ANOTHER:
		return &pop3_for_another;
	case SASL_MALFORMED:
		return &pop3_not_sasl;
	case SASL_NO_MECHANISM:
		return &reply_mechanism;
	case SASL_LOST:
		break;
	}
	return pop3_proxy_lost_client(s, server.status);
}
