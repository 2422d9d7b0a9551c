/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cookies, and what they prove. Writes no page. */
#include "common/base.h"
#include "handlers/console/sign_in/visitor.h"

#include "common/conf_rule.h"
#include "handlers/console/context.h"

/*
 * A stranger's forms have a cookie of their own: a request from another site
 * comes without a session's (SameSite=Strict), and what it is answered must not
 * take the session's place.
 */
#define SESSION_COOKIE "__Host-restante"
#define FORM_COOKIE    "__Host-restante-form"

/* --- meeting -------------------------------------------------------------- */

static void new_cookie(struct visitor *v, const char *name)
{
	session_token_new(v->token);
	v->fresh = name;
}

static bool has_cookie(struct console *c, const char *name)
{
	struct visitor *v = &c->visitor;

	return request_cookie(c->request, name, v->token, sizeof(v->token)) &&
	       session_token_valid(v->token);
}

static void make_proof(struct visitor *v)
{
	digest_keyed_hex(v->token, "form", v->proof);
}

/* An administrator that is gone, or has another password, has no session. */
static bool is_still_admin(struct console *c, const struct session_facts *facts)
{
	char stamp[SESSION_STAMP_LEN + 1];
	struct admin admin = {.one_time = false};
	struct err e;

	if (admins_find(c->conf->console.admins, facts->name, &admin, &e) < 0)
		return false;
	session_stamp(admin.hash, stamp);
	if (strcmp(stamp, facts->stamp) != 0)
		return false;
	c->visitor.must_change = admin.one_time;
	return true;
}

static void meet_by_session(struct console *c)
{
	struct visitor *v = &c->visitor;
	struct session_facts facts;
	enum session_state state =
		session_look_up(c->state, v->token, c->conf->console.idle,
				!c->request->refresh, &facts);

	if (state == SESSION_ALIVE && is_still_admin(c, &facts))
		memcpy(v->name, facts.name, sizeof(v->name));
	else
		v->ended = state != SESSION_NONE;
}

/* The name goes into pages and log lines, whoever made it up. */
static void meet_by_web_server(struct console *c)
{
	const char *user = c->request->user;

	if (strlen(user) <= ADMIN_NAME_MAX && conf_line_valid(user))
		snprintf(c->visitor.name, sizeof(c->visitor.name), "%s", user);
}

void visitor_renew(struct visitor *v)
{
	new_cookie(v, SESSION_COOKIE);
	make_proof(v);
}

void visitor_meet(struct console *c)
{
	struct visitor *v = &c->visitor;
	bool session = has_cookie(c, SESSION_COOKIE);

	if (!session && !has_cookie(c, FORM_COOKIE))
		new_cookie(v, FORM_COOKIE);
	if (c->conf->console.web_server_auth)
		meet_by_web_server(c);
	else if (session && c->state >= 0)
		meet_by_session(c);
	make_proof(v);
}

/* __Host-: only over TLS, only from this very host (RFC 6265bis 4.1.3.2). */
void visitor_set_cookie(struct console *c)
{
	if (c->visitor.fresh)
		answer_header(&c->answer, "Set-Cookie",
			      "%s=%s; Path=/; Secure; HttpOnly; "
			      "SameSite=Strict",
			      c->visitor.fresh, c->visitor.token);
}

bool visitor_proves(const struct console *c)
{
	return !c->visitor.fresh &&
	       digest_equal(c->visitor.proof,
			    urlencoded_value(&c->request->form, "proof"));
}
