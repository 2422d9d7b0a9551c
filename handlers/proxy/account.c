/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a user name to a session with the real server, and the end of it. The
 * mailbox must exist, be active and list the server before anything is
 * dialled: here for the first two, in the dialler for all three.
 */
#include "common/base.h"
#include "handlers/proxy/account.h"

#include <time.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/peer.h"
#include "handlers/proxy/dialler.h"
#include "handlers/session/login_throttle.h"
#include "handlers/session/summary.h"
#include "store/store.h"

bool proxy_may_pass(const struct err *e)
{
	return e->kind == ERR_TEMP || e->kind == ERR_FULL ||
	       e->kind == ERR_QUOTA;
}

/* --- the mailbox ---------------------------------------------------------- */

static int no_mailbox(struct proxy_account *a, const struct err *e)
{
	if (e->kind == ERR_ABSENT) {
		summary_note(a->summary, OUTCOME_AUTH_FAILED,
			     "unknown-mailbox");
		return -1;
	}
	log_error("%s", e->text);
	summary_note(a->summary, OUTCOME_TEMPFAIL, "store");
	return -1;
}

/* From here on it goes by its id alone, in the log, too. */
static int find_id(struct proxy_account *a, struct err *e)
{
	if (!a->login.mailbox_alias[0])
		return 0;
	return store_alias_id(a->store, a->login.mailbox_alias,
			      a->login.mailbox_id, e);
}

static struct store *open_store(const struct conf *conf, struct err *e)
{
	struct store *s = store_open(conf->store, e);

	if (s)
		store_set_reserve(s, conf->limits.reserve);
	return s;
}

int proxy_account_open(struct proxy_account *a, const char *user, struct err *e)
{
	if (!proxy_login_parse(user, &a->login)) {
		summary_note(a->summary, OUTCOME_AUTH_FAILED, NULL);
		return err_set(e, ERR_CONFIG,
			       "the user name is user%%server%%mailbox-id");
	}
	mailbox_close(&a->mailbox);
	if (!a->store)
		a->store = open_store(a->conf, e);
	if (a->store && find_id(a, e) == 0)
		a->mailbox = mailbox_open(a->store, a->login.mailbox_id, e);
	if (!a->mailbox)
		return no_mailbox(a, e);
	if (!mailbox_settings(a->mailbox)->suspended)
		return 0;
	summary_note(a->summary, OUTCOME_REFUSED, "suspended");
	return err_set(e, ERR_STATE, "mailbox %s is suspended",
		       a->login.mailbox_id);
}

int proxy_account_room(struct proxy_account *a, uint64_t octets, struct err *e)
{
	int result;

	if (store_room(a->store, octets, e) < 0 ||
	    mailbox_hold(a->mailbox, e) < 0)
		return -1;
	result = mailbox_room(a->mailbox, octets, e);
	mailbox_release(a->mailbox);
	return result;
}

int proxy_account_hold(struct proxy_account *a, struct err *e)
{
	if (mailbox_hold(a->mailbox, e) < 0)
		return -1;
	if (!mailbox_settings(a->mailbox)->suspended)
		return 0;
	mailbox_release(a->mailbox);
	return err_set(e, ERR_STATE, "mailbox %s is suspended",
		       a->login.mailbox_id);
}

/* --- the server ----------------------------------------------------------- */

static int reach(struct proxy_account *a, const struct credential *c,
		 int (*enter)(struct upstream *u, const struct credential *c,
			      void *features, struct err *e),
		 void *features, struct err *e)
{
	struct dialled to;

	if (dialler_dial(a->dialler, a->login.mailbox_id, &a->login.server, &to,
			 e) < 0)
		return -1;
	a->upstream = upstream_new(&to, a->login.server.host, a->conf, e);
	if (a->upstream && enter(a->upstream, c, features, e) == 0)
		return 0;
	upstream_free(&a->upstream);
	return -1;
}

int proxy_account_enter(struct proxy_account *a, const struct credential *c,
			int (*enter)(struct upstream *u,
				     const struct credential *c, void *features,
				     struct err *e),
			void *features, struct err *e)
{
	int result;

	login_throttle_wait(a->conf, a->peer, a->login.server.host);
	result = reach(a, c, enter, features, e);
	/* What says nothing about the password forgives no wrong one. */
	if (result == 0 || e->kind == ERR_PASSWORD)
		login_throttle_note(a->conf, a->peer, a->login.server.host,
				    result == 0);
	if (result == 0) {
		summary_forget(a->summary);
		return 0;
	}
	log_warn("%s: login to %s: %s", a->peer->text, a->login.mailbox_id,
		 e->text);
	if (proxy_may_pass(e))
		summary_note(a->summary, OUTCOME_TEMPFAIL, "upstream");
	else
		summary_note(a->summary, OUTCOME_AUTH_FAILED, NULL);
	return -1;
}

void proxy_account_server(const struct proxy_account *a,
			  char out[PROXY_SERVER_SIZE])
{
	snprintf(out, PROXY_SERVER_SIZE, "%s:%u", a->login.server.host,
		 (unsigned)a->upstream->port);
}

/* --- the end ---------------------------------------------------------------
 */

static void account_for_copies(struct proxy_account *a, const char *program)
{
	const struct activity activity = {
		.when = time(NULL),
		.program = program,
		.peer = a->peer->text,
		.outcome = outcome_name(a->summary->outcome),
		.reason = summary_refusal(a->summary),
		.messages = a->summary->messages,
		.octets = a->summary->octets,
	};
	struct err e;

	if (!a->mailbox || !a->summary->messages)
		return;
	if (mailbox_account(a->mailbox, &activity, &e) < 0)
		log_info("%s", e.text);
}

void proxy_account_end(struct proxy_account *a, const char *program,
		       const char *tls_version)
{
	upstream_free(&a->upstream);
	if (program)
		account_for_copies(a, program);
	a->summary->tls = tls_version;
	a->summary->mailbox = a->login.mailbox_id;
	if (program)
		summary_log(a->summary);
	mailbox_close(&a->mailbox);
	store_free(&a->store);
}
