/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose session a proxy passes on: the mailbox that keeps the copies, and the
 * real server under the user's own name. What is the same for SMTP and POP3;
 * how a server is greeted and logged in to is the protocol's.
 */
#ifndef RESTANTE_HANDLERS_PROXY_ACCOUNT_H
#define RESTANTE_HANDLERS_PROXY_ACCOUNT_H

#include "handlers/proxy/login.h"
#include "handlers/proxy/upstream_login.h"

struct conf;
struct dialler;
struct mailbox;
struct peer;
struct store;
struct summary;

struct proxy_account {
	const struct conf *conf;
	const struct peer *peer;
	struct dialler *dialler;
	struct summary *summary;
	struct proxy_login login;
	struct store *store;
	struct mailbox *mailbox;   /* NULL: no login has got that far */
	struct upstream *upstream; /* NULL: not logged in */
};

/*
 * Reads the user name and opens its mailbox; nothing is dialled yet.
 * ERR_CONFIG: it is no proxied name; ERR_ABSENT: no such mailbox; ERR_STATE:
 * suspended; else the mailbox cannot be opened now. All of it is noted and
 * logged.
 */
int proxy_account_open(struct proxy_account *a, const char *user,
		       struct err *e);

/*
 * Whether there is room for a copy of so many octets, 0: nobody has said how
 * many, on the disk and by the mailbox's settings as they are now. ERR_FULL,
 * ERR_QUOTA, ERR_TEMP.
 */
int proxy_account_room(struct proxy_account *a, uint64_t octets,
		       struct err *e) MUST_USE;

/*
 * mailbox_hold() for a copy: a session may outlast what the login has found.
 * ERR_STATE where the mailbox has been suspended since.
 */
int proxy_account_hold(struct proxy_account *a, struct err *e) MUST_USE;

/*
 * Dials the server, and has `enter` greet it and log in; features is handed
 * on. Wrong passwords are slowed. -1: e says in words why not; where
 * proxy_may_pass() holds it is no word about the credential.
 */
int proxy_account_enter(struct proxy_account *a, const struct credential *c,
			int (*enter)(struct upstream *u,
				     const struct credential *c, void *features,
				     struct err *e),
			void *features, struct err *e);

/* What may pass, and so must be told as temporary. */
bool proxy_may_pass(const struct err *e);

/* "host:port" of the server that is logged in to, for the trace header. */
enum { PROXY_SERVER_SIZE = TARGET_HOST_MAX + 8 };
void proxy_account_server(const struct proxy_account *a,
			  char out[PROXY_SERVER_SIZE]);

/*
 * Indexes what was kept, logs the summary, frees what the account holds.
 * program NULL: the session was handed over, and its line is another one's.
 */
void proxy_account_end(struct proxy_account *a, const char *program,
		       const char *tls_version);

#endif
