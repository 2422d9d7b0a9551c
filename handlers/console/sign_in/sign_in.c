/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passwords, sessions and the throttle of both. Writes no page. */
#include "common/base.h"
#include "handlers/console/sign_in/sign_in.h"

#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#include "common/slots.h"
#include "common/throttle.h"
#include "handlers/console/context.h"

#define THROTTLE "throttle"

enum { SIGN_INS_AT_ONCE = 4 };

static void state_path(const struct console *c, char path_r[PATH_MAX])
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", c->conf->console.admins);
	snprintf(path_r, PATH_MAX, "%s", dirname(copy));
}

struct throttle_keys {
	char dir[PATH_MAX];
	char address[96];
	char account[96];
	char both[160];
};

static void make_keys(const struct console *c, const char *name,
		      struct throttle_keys *k_r)
{
	char origin[THROTTLE_ORIGIN];

	state_path(c, k_r->dir);
	throttle_origin(c->request->peer, origin);
	snprintf(k_r->address, sizeof(k_r->address), "address %s", origin);
	snprintf(k_r->account, sizeof(k_r->account), "account %s", name);
	snprintf(k_r->both, sizeof(k_r->both), "account %s from %s", name,
		 origin);
}

/*
 * An account waits for what is tried anywhere, but not at an address from
 * which it was signed in to: else whoever knows the name keeps its owner out.
 */
unsigned sign_in_must_wait(const struct console *c, const char *name)
{
	unsigned by_address, by_account;
	struct throttle_keys k;

	make_keys(c, name, &k);
	by_address = throttle_wait(k.dir, THROTTLE, k.address);
	by_account = throttle_knows(k.dir, THROTTLE, k.both)
			     ? 0
			     : throttle_wait(k.dir, THROTTLE, k.account);
	return by_address > by_account ? by_address : by_account;
}

/* A name that nobody has counts by address alone: it fills no table. */
static bool is_account(const struct console *c, const char *name)
{
	struct admin admin = {.name = ""};
	struct err e;
	bool found =
		admins_find(c->conf->console.admins, name, &admin, &e) == 0;

	explicit_bzero(&admin, sizeof(admin));
	return found;
}

static void count_try(const struct console *c, const char *name, bool failed)
{
	struct throttle_keys k;

	make_keys(c, name, &k);
	throttle_note(k.dir, THROTTLE, k.address, failed);
	if (is_account(c, name))
		throttle_note(k.dir, THROTTLE, k.account, failed);
	if (!failed)
		throttle_note(k.dir, THROTTLE, k.both, false);
}

static int begin_session(struct console *c, const struct admin *admin,
			 struct err *e)
{
	struct visitor *v = &c->visitor;
	char stamp[SESSION_STAMP_LEN + 1];

	session_end(c->state, v->token);
	visitor_renew(v);
	session_stamp(admin->hash, stamp);
	if (session_start(c->state, v->token, admin->name, stamp,
			  c->conf->console.idle, e) < 0)
		return -1;
	memcpy(v->name, admin->name, sizeof(v->name));
	v->must_change = admin->one_time;
	return 0;
}

/* Hashing is made to cost: only so many at once. */
int sign_in_check_password(struct console *c, const char *name,
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
		count_try(c, name, result < 0);
	return result;
}

int sign_in(struct console *c, const char *name, const struct secret *password,
	    struct err *e)
{
	struct admin admin = {.one_time = false};
	int result = sign_in_check_password(c, name, password, &admin, e);

	if (result == 0)
		result = begin_session(c, &admin, e);
	explicit_bzero(&admin, sizeof(admin));
	return result;
}

int sign_in_again(struct console *c, struct err *e)
{
	struct admin admin = {.one_time = false};
	int result = admins_find(c->conf->console.admins, c->visitor.name,
				 &admin, e);

	if (result == 0)
		result = begin_session(c, &admin, e);
	explicit_bzero(&admin, sizeof(admin));
	return result;
}

void sign_out(struct console *c)
{
	session_end(c->state, c->visitor.token);
	visitor_renew(&c->visitor);
	c->visitor.name[0] = '\0';
}
