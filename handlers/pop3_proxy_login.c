/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * USER and PASS, and AUTH: whose login at which server, and for which mailbox;
 * a user without a "%" is a collector's and goes to pop3-serve. The mailbox
 * must exist, be active and list the server before anything is dialled.
 */
#include "common/base.h"
#include "handlers/pop3_proxy_private.h"

#include "common/log.h"
#include "handlers/pop3_replies.h"
#include "handlers/proxy_throttle.h"
#include "handlers/sasl_server.h"

static const struct reply reply_welcome = {"+OK", "", "logged in", 0};
static const struct reply reply_not_proxied = {
	"-ERR", "[AUTH]", "the user name is user%server%mailbox-id",
	REPLY_FAULT};
static const struct reply reply_no_mailbox = {
	"-ERR", "[AUTH]", "no such mailbox here", REPLY_FAULT};
static const struct reply reply_suspended = {"-ERR", "[SYS/TEMP]",
					     "mailbox suspended", 0};
static const struct reply reply_no_store = {
	"-ERR", "[SYS/TEMP]", "the mailbox cannot be opened now", 0};

/* In the server's words or ours; RFC 3206 tells what may pass from what not. */
static const struct reply *refuse(struct session *s, const struct err *e)
{
	bool passes = e->kind == ERR_TEMP || e->kind == ERR_FULL;

	log_warn("%s: login to %s: %s", s->peer->text, s->login.mailbox_id,
		 e->text);
	if (passes)
		pop3_proxy_note(s, OUTCOME_TEMPFAIL, "upstream");
	else
		pop3_proxy_note(s, OUTCOME_AUTH_FAILED, NULL);
	conn_printf(s->conn, "-ERR %s %s\r\n", passes ? "[SYS/TEMP]" : "[AUTH]",
		    e->text);
	return &reply_sent;
}

static const struct reply *no_mailbox(struct session *s, const struct err *e)
{
	if (e->kind == ERR_ABSENT) {
		pop3_proxy_note(s, OUTCOME_AUTH_FAILED, "unknown-mailbox");
		return &reply_no_mailbox;
	}
	log_error("%s", e->text);
	pop3_proxy_note(s, OUTCOME_TEMPFAIL, "store");
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
		pop3_proxy_note(s, OUTCOME_REFUSED, "suspended");
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
	    pop3_upstream_open(s->upstream, &s->features, e) == 0 &&
	    pop3_upstream_login(s->upstream, c, &s->features, e) == 0)
		return 0;
	upstream_free(&s->upstream);
	s->features = (struct pop3_features){.capa = false};
	return -1;
}

static const struct reply *log_in_there(struct session *s, const char *user,
					const struct secret *secret,
					bool is_token)
{
	const struct credential c = {
		.user = s->login.user,
		.secret = secret,
		.is_token = is_token,
	};
	const struct reply *refusal;
	struct err e;
	int result;

	if (!proxy_login_parse(user, &s->login))
		return &reply_not_proxied;
	refusal = open_mailbox(s);
	if (refusal)
		return refusal;
	proxy_throttle_wait(s->conf, s->peer, &s->login.server);
	result = reach_server(s, &c, &e);
	proxy_throttle_note(s->conf, s->peer, &s->login.server,
			    result == 0 || e.kind != ERR_PASSWORD);
	if (result < 0)
		return refuse(s, &e);
	s->state = POP3_PROXY_TRANSACTION;
	s->summary.outcome = OUTCOME_IDLE; /* whatever went before it */
	s->summary.reason = NULL;
	return &reply_welcome;
}

const struct reply *pop3_proxy_user(struct session *s, const char *arg)
{
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

const struct reply *pop3_proxy_pass(struct session *s, const char *arg)
{
	struct secret password = SECRET_EMPTY;
	const struct reply *r;

	secret_set(&password, arg, strlen(arg));
	s->state = POP3_PROXY_AUTHORIZATION;
	r = log_in_there(s, s->user, &password, false);
	secret_release(&password);
	return r;
}

static const struct reply *take_login(struct session *s, struct sasl_login *l,
				      bool is_token)
{
	const struct reply *r;

	if (proxy_login_is_meant(l->user))
		r = log_in_there(s, l->user, &l->password, is_token);
	else if (is_token)
		r = &reply_not_proxied;
	else
		r = pop3_proxy_hand_over(s, l->user, &l->password);
	sasl_login_release(l);
	return r;
}

/* "AUTH" alone is how older clients ask what there is. */
static const struct reply *list_mechanisms(struct session *s)
{
	conn_printf(s->conn, "+OK\r\n");
	sasl_server_list(s->conn, SASL_ALL, "", "\r\n");
	conn_printf(s->conn, ".\r\n");
	return &reply_sent;
}

const struct reply *pop3_proxy_auth(struct session *s, const char *arg)
{
	struct sasl_server server = {
		.conn = s->conn,
		.prompt = "+ ",
		.seconds = s->conf->proxy.login_timeout,
		.mechanisms = SASL_ALL,
	};
	struct sasl_login login;

	if (!*arg)
		return list_mechanisms(s);
	switch (sasl_server_run(&server, arg, &login)) {
	case SASL_GIVEN:
		return take_login(s, &login, server.is_token);
	case SASL_CANCELLED:
		return &pop3_cancelled;
	case SASL_MALFORMED:
		return &pop3_not_sasl;
	case SASL_NO_MECHANISM:
		return &pop3_no_mechanism;
	case SASL_LOST:
		break;
	}
	return pop3_proxy_lost_client(s, server.status);
}
