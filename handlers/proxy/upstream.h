/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The client half that both proxies share: one connection to the real server,
 * over TLS or not at all. What the words are in SMTP and POP3 stands in the
 * two services' client.c; how a login is done in upstream_login.c.
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

/* Adds the mechanism of that name to a set of SASL_…, if it is one of ours. */
void upstream_add_mechanism(unsigned *set, const char *name, size_t n);

enum {
	UPSTREAM_LINE_MAX = 16 * 1024,
	UPSTREAM_WORDS_MAX = 32 * 1024, /* of a reply of many lines */
};

struct upstream {
	struct conn *conn;
	int fd;
	const struct conf *conf; /* borrowed */
	char host[TARGET_HOST_MAX + 1];
	uint16_t port;
	bool pinned;
	uint8_t pin[TARGET_PIN_SIZE];
	unsigned mechanisms; /* SASL_…, what the server lists */
	struct buf line;     /* the last one read, without its CRLF */
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
/* The same for one of a list: what is no line is skipped, *good_r false. */
int upstream_read_entry(struct upstream *u, bool *good_r, struct err *e);
/* Sends a line (fmt without CRLF) at once. */
int upstream_send(struct upstream *u, struct err *e, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
int upstream_sendv(struct upstream *u, struct err *e, const char *fmt,
		   va_list ap) PRINTF_LIKE(3, 0);
/*
 * Sends a credential's line, which fits where it was put together whole; text
 * is wiped and released, and so is every buffer that held it.
 */
int upstream_send_wiped(struct upstream *u, struct buf *text, bool fits,
			struct err *e);

/*
 * "server HOST WHAT: " and the server's own words, a line each, so that the
 * client may hear all of them. Returns -1.
 */
int upstream_says(const struct upstream *u, enum err_kind kind,
		  const char *what, const char *words, struct err *e);

#endif
