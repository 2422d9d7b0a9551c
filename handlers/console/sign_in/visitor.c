/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cookies, sign-in and its throttle. Writes no page. */
#include "common/base.h"
#include "handlers/console/sign_in/visitor.h"

#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#include "common/conf_rule.h"
#include "common/log.h"
#include "common/slots.h"
#include "common/throttle.h"
#include "handlers/session/login_throttle.h"

/*
 * A stranger's forms have a cookie of their own: a request from another site
 * comes without a session's (SameSite=Strict), and what it is answered must not
 * take the session's place.
 */
#define SESSION_COOKIE "__Host-restante"
#define FORM_COOKIE    "__Host-restante-form"
#define THROTTLE       "throttle"

enum { SIGN_INS_AT_ONCE = 4 };

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

/* --- signing in ----------------------------------------------------------- */

static void state_path(const struct console *c, char path_r[PATH_MAX])
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", c->conf->console.admins);
	snprintf(path_r, PATH_MAX, "%s", dirname(copy));
}

struct keys {
	char dir[PATH_MAX];
	char address[96];
	char account[96];
};

static void make_keys(const struct console *c, const char *name,
		      struct keys *k_r)
{
	char origin[LOGIN_THROTTLE_ORIGIN];

	state_path(c, k_r->dir);
	login_throttle_origin(c->request->peer, origin);
	snprintf(k_r->address, sizeof(k_r->address), "address %s", origin);
	snprintf(k_r->account, sizeof(k_r->account), "account %s", name);
}

unsigned visitor_must_wait(const struct console *c, const char *name)
{
	unsigned by_address, by_account;
	struct keys k;

	make_keys(c, name, &k);
	by_address = throttle_wait(k.dir, THROTTLE, k.address);
	by_account = throttle_wait(k.dir, THROTTLE, k.account);
	return by_address > by_account ? by_address : by_account;
}

static void count(const struct console *c, const char *name, bool failed)
{
	struct keys k;

	make_keys(c, name, &k);
	throttle_note(k.dir, THROTTLE, k.address, failed);
	throttle_note(k.dir, THROTTLE, k.account, failed);
}

static int begin_session(struct console *c, const struct admin *admin,
			 struct err *e)
{
	struct visitor *v = &c->visitor;
	char stamp[SESSION_STAMP_LEN + 1];

	session_end(c->state, v->token);
	/* Whatever the cookie was, it is worth nothing now. */
	new_cookie(v, SESSION_COOKIE);
	make_proof(v);
	session_stamp(admin->hash, stamp);
	if (session_start(c->state, v->token, admin->name, stamp,
			  c->conf->console.idle, e) < 0)
		return -1;
	memcpy(v->name, admin->name, sizeof(v->name));
	v->must_change = admin->one_time;
	return 0;
}

/* Hashing is made to cost: only so many at once. */
int visitor_check_password(struct console *c, const char *name,
			   const struct secret *password, struct admin *admin_r,
			   struct err *e)
{
	char dir[PATH_MAX];
	int slot, result;

	if (c->state < 0)
		return err_set(e, ERR_TEMP,
			       "the console's own directory cannot be opened");
	state_path(c, dir);
	slot = slot_take(dir, "sign-in", SIGN_INS_AT_ONCE, e);
	if (slot < 0)
		return -1;
	result = admins_verify(c->conf->console.admins, name, password, admin_r,
			       e);
	close(slot);
	if (result == 0 || e->kind == ERR_PASSWORD)
		count(c, name, result < 0);
	return result;
}

int visitor_sign_in(struct console *c, const char *name,
		    const struct secret *password, struct err *e)
{
	struct admin admin = {.one_time = false};
	int result = visitor_check_password(c, name, password, &admin, e);

	if (result == 0)
		result = begin_session(c, &admin, e);
	explicit_bzero(&admin, sizeof(admin));
	return result;
}

int visitor_sign_in_again(struct console *c, struct err *e)
{
	struct admin admin = {.one_time = false};
	int result = admins_find(c->conf->console.admins, c->visitor.name,
				 &admin, e);

	if (result == 0)
		result = begin_session(c, &admin, e);
	explicit_bzero(&admin, sizeof(admin));
	return result;
}

void visitor_sign_out(struct console *c)
{
	session_end(c->state, c->visitor.token);
	new_cookie(&c->visitor, SESSION_COOKIE);
	c->visitor.name[0] = '\0';
	make_proof(&c->visitor);
}
