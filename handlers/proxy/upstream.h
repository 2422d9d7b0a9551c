/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The client half that both proxies share: one connection to the real server,
 * over TLS or not at all, and the login on it in a mechanism that the server
 * offers. What the words are in SMTP and POP3 stands in smtp_upstream.c and
 * pop3_upstream.c.
 */
#ifndef RESTANTE_HANDLERS_PROXY_UPSTREAM_H
#define RESTANTE_HANDLERS_PROXY_UPSTREAM_H

#include "common/buf.h"
#include "common/err.h"
#include "common/secret.h"
#include "common/target.h"

struct conf;
struct conn;
struct dialled;

/* What a server offers to log in with. */
enum upstream_mechanism {
	UPSTREAM_PLAIN = 1 << 0,
	UPSTREAM_LOGIN = 1 << 1,
	UPSTREAM_XOAUTH2 = 1 << 2,
	UPSTREAM_OAUTHBEARER = 1 << 3,
	UPSTREAM_USER = 1 << 4, /* POP3 USER and PASS */
};

/* Adds the mechanism of that name, if it is one of ours. */
void upstream_add_mechanism(unsigned *set, const char *name, size_t n);

enum { UPSTREAM_LINE_MAX = 16 * 1024 };

struct upstream {
	struct conn *conn;
	int fd;
	const struct conf *conf; /* borrowed */
	char host[TARGET_HOST_MAX + 1];
	uint16_t port;
	bool pinned;
	uint8_t pin[TARGET_PIN_SIZE];
	unsigned mechanisms;
	bool initial_response; /* PLAIN's may come with AUTH itself */
	struct buf line;       /* the last one read, without its CRLF */
};

/*
 * Takes the descriptor over in every case. With implicit TLS the handshake is
 * done, otherwise the protocol's own STARTTLS must come next. NULL and e, a
 * text that says to a user what is wrong with the server.
 */
struct upstream *upstream_new(const struct dialled *to, const char *host,
			      const struct conf *conf, struct err *e);

/* The handshake behind STARTTLS; input that came before it is an attack. */
int upstream_start_tls(struct upstream *u, struct err *e);
bool upstream_has_tls(const struct upstream *u);

/* Closes without a word; sets *u to NULL. */
void upstream_free(struct upstream **u);

/* ERR_TEMP: the server is gone, too slow, or sends no lines. */
int upstream_read_line(struct upstream *u, struct err *e);
/* Sends a line (fmt without CRLF) at once. */
int upstream_send(struct upstream *u, struct err *e, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
int upstream_sendv(struct upstream *u, struct err *e, const char *fmt,
		   va_list ap) PRINTF_LIKE(3, 0);
/* Sends "PASS …"; every buffer that held it is wiped. */
int upstream_send_pass(struct upstream *u, const struct secret *password,
		       struct err *e);

/* A client's credential for the real server. */
struct credential {
	const char *user;	     /* the real server's own user name */
	const struct secret *secret; /* password or token */
	bool is_token;
};

/* What a server answered to a step of a login. */
enum upstream_step { UPSTREAM_DONE, UPSTREAM_GO_ON, UPSTREAM_REFUSED };

/*
 * Logs in, each mechanism step by step, but for PLAIN where the protocol has
 * always had an initial response: every server understands that, and
 * Microsoft's understands nothing else. read_step reads one reply of the
 * protocol; after UPSTREAM_REFUSED u->line holds the server's words.
 * ERR_PASSWORD: refused; ERR_STATE: the server offers nothing that fits; else
 * ERR_TEMP.
 */
int upstream_sasl_login(struct upstream *u, const struct credential *c,
			int (*read_step)(struct upstream *u,
					 enum upstream_step *step_r,
					 struct err *e),
			struct err *e);

#endif
