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

#include "common/conf.h"
#include "common/conn.h"
#include "common/log.h"
#include "common/tls.h"
#include "handlers/proxy/dialler.h"
#include "handlers/session/sasl.h"

static const struct {
	const char *name;
	unsigned mechanism;
} mechanism_names[] = {
	{"PLAIN", SASL_PLAIN},
	{"LOGIN", SASL_LOGIN},
	{"XOAUTH2", SASL_XOAUTH2},
	{"OAUTHBEARER", SASL_OAUTHBEARER},
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

static int judge_line(const struct upstream *u, enum conn_status status,
		      struct err *e)
{
	switch (status) {
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

int upstream_read_line(struct upstream *u, struct err *e)
{
	return judge_line(
		u, conn_read_line(u->conn, &u->line, UPSTREAM_LINE_MAX), e);
}

int upstream_read_entry(struct upstream *u, bool *good_r, struct err *e)
{
	enum conn_status status =
		conn_read_line(u->conn, &u->line, UPSTREAM_LINE_MAX);

	*good_r = status == CONN_OK;
	return status == CONN_LONG || status == CONN_BAD_LINE
		       ? 0
		       : judge_line(u, status, e);
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

/* A credential's line: its buffers are wiped as soon as it has left. */
int upstream_send_wiped(struct upstream *u, struct buf *text, bool fits,
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

/* CRLF becomes LF, and the last one goes. */
static void fold_lines(char *text)
{
	char *to = text;

	for (; *text; text++)
		if (*text != '\r')
			*to++ = *text;
	*to = '\0';
	if (to[-1] == '\n')
		to[-1] = '\0';
}

int upstream_says(const struct upstream *u, enum err_kind kind,
		  const char *what, const char *words, struct err *e)
{
	err_set(e, kind, "server %s %s: %s", u->host, what, words);
	fold_lines(e->text);
	return -1;
}
