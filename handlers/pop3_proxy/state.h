/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the POP3 proxy share: the session, what is known of the
 * server's messages, what state.c does with both, and the handlers that stand
 * in its command table. For this folder and its tests alone.
 */
#ifndef RESTANTE_HANDLERS_POP3_PROXY_STATE_H
#define RESTANTE_HANDLERS_POP3_PROXY_STATE_H

#include "common/cmd.h"
#include "common/conf.h"
#include "common/conn.h"
#include "common/peer.h"
#include "handlers/pop3_proxy/client.h"
#include "handlers/pop3_proxy/session.h"
#include "handlers/pop3_proxy/uidl.h"
#include "handlers/proxy/account.h"
#include "handlers/session/summary.h"
#include "store/seen.h"
#include "store/store.h"

enum { POP3_PROXY_USER_MAX = 1024 };

struct pop3_proxy {
	struct conn *conn;
	const struct conf *conf;
	const struct peer *peer;
	enum tls_mode tls_mode;
	struct proxy_account account;
	enum pop3_proxy_state state;
	char user[POP3_PROXY_USER_MAX + 1]; /* what USER said */
	bool handed_over; /* pop3-serve has it: the log line is its own */
	struct conn *collecting; /* with it, once it has been handed over */
	int collecting_fd;

	/* From the login on. */
	struct pop3_features features;
	struct seen *seen;	 /* opened at the first fetch */
	struct pop3_uidls uidls; /* asked for at the first fetch */

	struct summary summary;
};

bool pop3_proxy_secure(const struct pop3_proxy *s);

/*
 * The server is gone or talks nonsense: the client is told, the session ends.
 * Once an answer has begun there are no words left but closing.
 */
const struct reply *pop3_proxy_lost_server(struct pop3_proxy *s,
					   const struct err *e);
const struct reply *pop3_proxy_broken_off(struct pop3_proxy *s,
					  const struct err *e);
/* The client is gone or too slow in the midst of an answer. */
const struct reply *pop3_proxy_lost_client(struct pop3_proxy *s,
					   enum conn_status why);
/*
 * Ends the session where it stands: half an answer must not look whole, so that
 * what of it has not left yet does not.
 */
const struct reply *pop3_proxy_cut(struct pop3_proxy *s, enum outcome outcome,
				   const char *reason);

/* Deadlines of one command, respectively of much data, on both sides. */
void pop3_proxy_expect_answer(struct pop3_proxy *s);
void pop3_proxy_expect_data(struct pop3_proxy *s);

/* login.c */
const struct reply *pop3_proxy_user(void *session, const char *arg);
const struct reply *pop3_proxy_pass(void *session, const char *arg);
const struct reply *pop3_proxy_auth(void *session, const char *arg);

/*
 * collector.c: the whole rest of the session goes to pop3-serve;
 * password NULL: the client sends PASS itself.
 */
const struct reply *pop3_proxy_hand_over(struct pop3_proxy *s, const char *user,
					 const struct secret *password);

/* Behind it, when the command is over: until one of the two leaves. */
void pop3_proxy_collect(struct pop3_proxy *s);

/* fetch.c */
const struct reply *pop3_proxy_retr(void *session, const char *arg);
const struct reply *pop3_proxy_top(void *session, const char *arg);

/* list.c: passed on as they are. */
const struct reply *pop3_proxy_stat(void *session, const char *arg);
const struct reply *pop3_proxy_list(void *session, const char *arg);
const struct reply *pop3_proxy_uidl(void *session, const char *arg);
const struct reply *pop3_proxy_dele(void *session, const char *arg);
const struct reply *pop3_proxy_rset(void *session, const char *arg);
const struct reply *pop3_proxy_noop(void *session, const char *arg);
const struct reply *pop3_proxy_quit(void *session, const char *arg);

#endif
