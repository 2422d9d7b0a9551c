/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connection and login to the real server. Nothing is ever sent to it in
 * clear but the protocol's own STARTTLS, and no credential is kept.
 */
#include "common/base.h"
#include "handlers/proxy/upstream.h"

#include <stdarg.h>
#include <strings.h>
#include <unistd.h>

#include "common/base64.h"
#include "common/conf.h"
#include "common/conn.h"
#include "common/log.h"
#include "common/tls.h"
#include "handlers/proxy/dialler.h"
#include "handlers/session/sasl_token.h"

static const struct {
	const char *name;
	unsigned mechanism;
} mechanism_names[] = {
	{"PLAIN", UPSTREAM_PLAIN},
	{"LOGIN", UPSTREAM_LOGIN},
	{"XOAUTH2", UPSTREAM_XOAUTH2},
	{"OAUTHBEARER", UPSTREAM_OAUTHBEARER},
};

void upstream_add_mechanism(unsigned *set, const char *name, size_t n)
{
	for (size_t i = 0; i < N_ELEMENTS(mechanism_names); i++)
		if (strlen(mechanism_names[i].name) == n &&
		    strncasecmp(mechanism_names[i].name, name, n) == 0)
			*set |= mechanism_names[i].mechanism;
}

/* --- the connection ------------------------------------------------------- */

bool upstream_has_tls(const struct upstream *u)
{
	return conn_tls(u->conn) != NULL;
}

int upstream_start_tls(struct upstream *u, struct err *e)
{
	struct tls *tls;

	if (conn_input_buffered(u->conn))
		return err_set(e, ERR_TEMP,
			       "server %s: it sent something in clear behind "
			       "STARTTLS",
			       u->host);
	tls = tls_client_new(u->host, u->conf->proxy.upstream_ca, e);
	if (tls && u->pinned)
		tls_client_pin(tls, u->pin);
	if (!tls || conn_start_tls(u->conn, tls, e) < 0)
		return err_prefix(e, "server %s port %u", u->host,
				  (unsigned)u->port);
	return 0;
}

struct upstream *upstream_new(const struct dialled *to, const char *host,
			      const struct conf *conf, struct err *e)
{
	struct upstream *u = xcalloc(1, sizeof(*u));

	u->fd = to->fd;
	u->conn = conn_new(u->fd, u->fd);
	u->conf = conf;
	u->port = to->port;
	u->pinned = to->pinned;
	memcpy(u->pin, to->pin, sizeof(u->pin));
	snprintf(u->host, sizeof(u->host), "%s", host);
	buf_init(&u->line, UPSTREAM_LINE_MAX);
	conn_set_session_limit(u->conn, conf->limits.session_max);
	conn_set_deadline(u->conn, conf->proxy.login_timeout, 0);
	if (to->implicit_tls && upstream_start_tls(u, e) < 0)
		upstream_free(&u);
	return u;
}

void upstream_free(struct upstream **u_r)
{
	struct upstream *u = *u_r;

	if (!u)
		return;
	buf_release(&u->line);
	conn_free(&u->conn);
	close(u->fd);
	free(u);
	*u_r = NULL;
}

/* --- lines ---------------------------------------------------------------- */

int upstream_read_line(struct upstream *u, struct err *e)
{
	switch (conn_read_line(u->conn, &u->line, UPSTREAM_LINE_MAX)) {
	case CONN_OK:
		return 0;
	case CONN_EOF:
		return err_set(e, ERR_TEMP, "server %s closed the connection",
			       u->host);
	case CONN_TIMEOUT:
		return err_set(e, ERR_TEMP, "server %s does not answer in time",
			       u->host);
	case CONN_LONG:
	case CONN_BAD_LINE:
		break;
	}
	return err_set(e, ERR_TEMP, "server %s sent what is no line", u->host);
}

static int flush(struct upstream *u, struct err *e)
{
	if (conn_flush(u->conn) == CONN_OK)
		return 0;
	return err_set(e, ERR_TEMP, "server %s takes nothing more", u->host);
}

int upstream_sendv(struct upstream *u, struct err *e, const char *fmt,
		   va_list ap)
{
	struct buf text;
	bool fits;

	buf_init(&text, UPSTREAM_LINE_MAX);
	fits = buf_addv(&text, fmt, ap) && buf_adds(&text, "\r\n");
	if (fits)
		conn_write(u->conn, text.data, text.len);
	buf_release(&text);
	if (!fits)
		return err_set(e, ERR_TEMP, "server %s: line too long",
			       u->host);
	return flush(u, e);
}

int upstream_send(struct upstream *u, struct err *e, const char *fmt, ...)
{
	va_list ap;
	int result;

	va_start(ap, fmt);
	result = upstream_sendv(u, e, fmt, ap);
	va_end(ap);
	return result;
}

/* --- logging in ----------------------------------------------------------- */

/* A credential's line: its buffers are wiped as soon as it has left. */
static int send_wiped(struct upstream *u, struct buf *text, bool fits,
		      struct err *e)
{
	int result;

	if (fits)
		conn_write(u->conn, text->data, text->len);
	buf_wipe(text);
	buf_release(text);
	result = fits ? flush(u, e)
		      : err_set(e, ERR_PASSWORD,
				"server %s: the credential is too long",
				u->host);
	conn_wipe_output(u->conn);
	return result;
}

/* So that the line fits into the 512 octets of RFC 5321 4.5.3.1.4. */
enum { INITIAL_RESPONSE_MAX = 360 };

static int send_secret(struct upstream *u, const uint8_t *bytes, size_t n,
		       struct err *e)
{
	struct buf text;
	bool fits;

	buf_init(&text, UPSTREAM_LINE_MAX);
	fits = base64_encode(bytes, n, &text) && buf_adds(&text, "\r\n");
	return send_wiped(u, &text, fits, e);
}

int upstream_send_pass(struct upstream *u, const struct secret *password,
		       struct err *e)
{
	struct buf text;
	bool fits;

	buf_init(&text, UPSTREAM_LINE_MAX);
	fits = buf_adds(&text, "PASS ") &&
	       buf_add(&text, password->bytes, password->len) &&
	       buf_adds(&text, "\r\n");
	return send_wiped(u, &text, fits, e);
}

struct exchange {
	struct upstream *u;
	const struct credential *c;
	int (*read_step)(struct upstream *u, enum upstream_step *step_r,
			 struct err *e);
};

static int refused(const struct upstream *u, struct err *e)
{
	return err_set(e, ERR_PASSWORD, "server %s refused the login: %s",
		       u->host, u->line.data);
}

/* Reads a reply that must be the wanted one. */
static int expect(const struct exchange *x, enum upstream_step wanted,
		  struct err *e)
{
	enum upstream_step step;

	if (x->read_step(x->u, &step, e) < 0)
		return -1;
	if (step == wanted)
		return 0;
	if (step == UPSTREAM_REFUSED)
		return refused(x->u, e);
	return err_set(e, ERR_TEMP, "server %s answers out of turn: %s",
		       x->u->host, x->u->line.data);
}

static int begin(const struct exchange *x, const char *mechanism, struct err *e)
{
	if (upstream_send(x->u, e, "AUTH %s", mechanism) < 0)
		return -1;
	return expect(x, UPSTREAM_GO_ON, e);
}

static int plain_response(const struct exchange *x, const struct secret *m,
			  struct err *e)
{
	if (send_secret(x->u, m->bytes, m->len, e) < 0)
		return -1;
	return expect(x, UPSTREAM_DONE, e);
}

static int plain_in_steps(const struct exchange *x, const struct secret *m,
			  struct err *e)
{
	return begin(x, "PLAIN", e) < 0 ? -1 : plain_response(x, m, e);
}

/* A server that asks all the same is answered. */
static int plain_at_once(const struct exchange *x, const struct secret *m,
			 struct err *e)
{
	enum upstream_step step;
	struct buf text;
	bool fits;

	buf_init(&text, UPSTREAM_LINE_MAX);
	fits = buf_adds(&text, "AUTH PLAIN ") &&
	       base64_encode(m->bytes, m->len, &text) &&
	       buf_adds(&text, "\r\n");
	if (send_wiped(x->u, &text, fits, e) < 0 ||
	    x->read_step(x->u, &step, e) < 0)
		return -1;
	if (step == UPSTREAM_GO_ON)
		return plain_response(x, m, e);
	return step == UPSTREAM_DONE ? 0 : refused(x->u, e);
}

static int login_plain(const struct exchange *x, struct err *e)
{
	struct secret message;
	int result;

	sasl_plain_make(x->c->user, x->c->secret, &message);
	if (x->u->initial_response && message.len <= INITIAL_RESPONSE_MAX)
		result = plain_at_once(x, &message, e);
	else
		result = plain_in_steps(x, &message, e);
	secret_release(&message);
	return result;
}

static int login_login(const struct exchange *x, struct err *e)
{
	const char *user = x->c->user;

	if (begin(x, "LOGIN", e) < 0 ||
	    send_secret(x->u, (const uint8_t *)user, strlen(user), e) < 0 ||
	    expect(x, UPSTREAM_GO_ON, e) < 0 ||
	    send_secret(x->u, x->c->secret->bytes, x->c->secret->len, e) < 0)
		return -1;
	return expect(x, UPSTREAM_DONE, e);
}

/*
 * A refused token is answered with a challenge that says why; the client owes
 * an answer ("AQ==", RFC 7628 3.2.3) before the failure itself comes.
 */
static int finish_token(const struct exchange *x, struct err *e)
{
	enum upstream_step step;

	if (x->read_step(x->u, &step, e) < 0)
		return -1;
	if (step == UPSTREAM_GO_ON && (upstream_send(x->u, e, "AQ==") < 0 ||
				       x->read_step(x->u, &step, e) < 0))
		return -1;
	return step == UPSTREAM_DONE ? 0 : refused(x->u, e);
}

static int send_token(const struct exchange *x, struct secret *message,
		      struct err *e)
{
	int result = send_secret(x->u, message->bytes, message->len, e);

	secret_release(message);
	return result < 0 ? -1 : finish_token(x, e);
}

static int login_oauthbearer(const struct exchange *x, struct err *e)
{
	struct secret message;

	if (begin(x, "OAUTHBEARER", e) < 0)
		return -1;
	sasl_oauthbearer_make(x->c->user, x->u->host, x->u->port, x->c->secret,
			      &message);
	return send_token(x, &message, e);
}

static int login_xoauth2(const struct exchange *x, struct err *e)
{
	struct secret message;

	if (begin(x, "XOAUTH2", e) < 0)
		return -1;
	sasl_xoauth2_make(x->c->user, x->c->secret, &message);
	return send_token(x, &message, e);
}

/* The first row that the server offers and the credential fits. */
static const struct {
	unsigned mechanism;
	bool for_token;
	int (*login)(const struct exchange *x, struct err *e);
} logins[] = {
	{UPSTREAM_PLAIN, false, login_plain},
	{UPSTREAM_LOGIN, false, login_login},
	{UPSTREAM_OAUTHBEARER, true, login_oauthbearer},
	{UPSTREAM_XOAUTH2, true, login_xoauth2},
};

int upstream_sasl_login(struct upstream *u, const struct credential *c,
			int (*read_step)(struct upstream *u,
					 enum upstream_step *step_r,
					 struct err *e),
			struct err *e)
{
	const struct exchange x = {.u = u, .c = c, .read_step = read_step};

	if (!upstream_has_tls(u))
		die_bug("upstream login without TLS");
	for (size_t i = 0; i < N_ELEMENTS(logins); i++)
		if (logins[i].for_token == c->is_token &&
		    u->mechanisms & logins[i].mechanism)
			return logins[i].login(&x, e);
	return err_set(e, ERR_STATE, "server %s offers no login with a %s",
		       u->host, c->is_token ? "token" : "password");
}
