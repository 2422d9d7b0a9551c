/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the POP3 server share: the session, how a handler ends
 * it, and the handlers that stand in the command table. For this folder and
 * its tests alone.
 */
#ifndef RESTANTE_HANDLERS_POP3_SERVE_STATE_H
#define RESTANTE_HANDLERS_POP3_SERVE_STATE_H

#include "common/cmd.h"
#include "common/conf.h"
#include "common/conn.h"
#include "common/peer.h"
#include "handlers/pop3_serve/session.h"
#include "handlers/session/program.h"
#include "handlers/session/summary.h"
#include "store/store.h"

enum { POP3_LINE_MAX = 255 }; /* RFC 2449 4, CRLF included */

struct pop3_serve {
	struct conn *conn;
	const struct conf *conf;
	const struct peer *peer;
	enum tls_mode tls_mode;
	bool confined; /* the process is this session's alone */
	struct cmd_limits limits;
	enum pop3_state state;

	char user[POP3_LINE_MAX + 1]; /* what USER said */
	struct store *store;	      /* opened at the first login */
	struct collection *mail;      /* NULL: nobody is logged in */
	int place; /* among the sessions that may be logged in; -1: none */

	bool mail_pending; /* a message may still be in our output buffer */

	size_t marked; /* for deletion */
	bool updated;  /* QUIT has done what it does */

	char mailbox[MAILBOX_ID_LEN + 1]; /* of the last login tried, or "" */
	struct summary summary;
};

/* Credentials may be taken: TLS is on here or was in front of us. */
bool pop3_serve_secure(const struct pop3_serve *s);

/* The one place where the state changes. */
void pop3_serve_enter(struct pop3_serve *s, enum pop3_state state);

/*
 * Ends the session where it stands, without another octet from the handler:
 * a message half sent, a peer that vanished in the middle of a command.
 */
const struct reply *pop3_serve_cut(struct pop3_serve *s, enum outcome outcome,
				   const char *reason);
const struct reply *pop3_serve_cut_lost(struct pop3_serve *s,
					enum conn_status why);

/* Much is going to be written: a deadline of its own. */
void pop3_serve_expect_long_answer(struct pop3_serve *s);

/* Lets the next collector in. */
void pop3_serve_give_place(struct pop3_serve *s);

/* Something was fetched or given up: the session has served its purpose. */
enum outcome pop3_serve_collected_or_idle(const struct pop3_serve *s);

/* For the mailbox's own account. */
struct activity pop3_serve_activity(const struct pop3_serve *s,
				    enum outcome outcome);

/* NULL: text names a message that is there. Else the reply that says why not.
 */
const struct reply *pop3_serve_find_message(struct pop3_serve *s,
					    const char *text, size_t n,
					    size_t *i_r);

/* login.c */
const struct reply *pop3_serve_user(void *session, const char *arg);
const struct reply *pop3_serve_pass(void *session, const char *arg);
const struct reply *pop3_serve_auth(void *session, const char *arg);

/* list.c */
const struct reply *pop3_serve_stat(void *session, const char *arg);
const struct reply *pop3_serve_list(void *session, const char *arg);
const struct reply *pop3_serve_uidl(void *session, const char *arg);
const struct reply *pop3_serve_dele(void *session, const char *arg);
const struct reply *pop3_serve_rset(void *session, const char *arg);

/* update.c */
const struct reply *pop3_serve_quit(void *session, const char *arg);

/* retr.c */
const struct reply *pop3_serve_retr(void *session, const char *arg);
const struct reply *pop3_serve_top(void *session, const char *arg);

#endif
