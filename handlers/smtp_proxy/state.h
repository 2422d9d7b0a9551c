/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the SMTP proxy share: the session, its transaction, what
 * state.c knows of them, and the handlers that stand in its command table. For
 * this folder and its tests alone.
 */
#ifndef RESTANTE_HANDLERS_SMTP_PROXY_STATE_H
#define RESTANTE_HANDLERS_SMTP_PROXY_STATE_H

#include "common/cmd.h"
#include "common/conf.h"
#include "common/conn.h"
#include "common/peer.h"
#include "handlers/proxy/account.h"
#include "handlers/session/summary.h"
#include "handlers/smtp_proxy/client.h"
#include "handlers/smtp_proxy/session.h"
#include "store/store.h"

enum { PROXY_HELO_MAX = 255 };

/* One mail, as the server has accepted it so far. */
struct proxy_tx {
	char *sender; /* without its brackets */
	bool utf8;
	char **recipients; /* accepted ones alone */
	size_t n_recipients;
};

struct smtp_proxy {
	struct conn *conn;
	const struct conf *conf;
	const struct peer *peer;
	enum tls_mode tls_mode;
	struct proxy_account account;

	char helo[PROXY_HELO_MAX + 1]; /* "": not greeted yet */

	/* From the login on. */
	struct smtp_features features;
	struct proxy_tx *tx; /* NULL: no MAIL yet */

	struct summary summary;
};

bool smtp_proxy_secure(const struct smtp_proxy *s);
bool smtp_proxy_offers_starttls(const struct smtp_proxy *s);
enum smtp_proxy_state smtp_proxy_state(const struct smtp_proxy *s);

/* Larger than proxy.max-size. */
bool smtp_proxy_is_too_big(const struct smtp_proxy *s, uint64_t octets);

/* Ends the transaction on our side. */
void smtp_proxy_forget_mail(struct smtp_proxy *s);

/*
 * Sends the client a reply of the server's as it came. One of 421 ends the
 * session, and so does 3yz, which has no place here: it would have the client
 * begin a message. Takes no ownership.
 */
const struct reply *smtp_proxy_relay(struct smtp_proxy *s,
				     const struct smtp_reply *r);

/* The server is gone or talks nonsense: the client is told, the session ends.
 */
const struct reply *smtp_proxy_lost_server(struct smtp_proxy *s,
					   const struct err *e);

/* The same for a reply that is none to what was asked. */
const struct reply *smtp_proxy_out_of_turn(struct smtp_proxy *s,
					   const struct smtp_reply *r);

/*
 * The server's reply to a command, relayed. *code_r is its code, 0 where the
 * server was lost.
 */
const struct reply *smtp_proxy_ask(struct smtp_proxy *s, unsigned *code_r,
				   const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Ends the transaction on both sides. NULL: the server went along. */
const struct reply *smtp_proxy_reset(struct smtp_proxy *s);

/* greeting.c */
const struct reply *smtp_proxy_helo(void *session, const char *arg);
const struct reply *smtp_proxy_ehlo(void *session, const char *arg);
const struct reply *smtp_proxy_rset(void *session, const char *arg);
/* login.c */
const struct reply *smtp_proxy_auth(void *session, const char *arg);

/* envelope.c */
const struct reply *smtp_proxy_mail(void *session, const char *arg);
const struct reply *smtp_proxy_rcpt(void *session, const char *arg);

/* data.c */
const struct reply *smtp_proxy_data(void *session, const char *arg);

#endif
