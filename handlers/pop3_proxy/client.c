/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client half of POP3. Answers are bounded, whatever the server sends. */
#include "common/base.h"
#include "handlers/pop3_proxy/client.h"

#include <stdarg.h>
#include <strings.h>

#include "common/conn.h"

enum { CAPA_LINES_MAX = 200 };

/* --- status lines --------------------------------------------------------- */

static bool begins(const char *line, const char *word)
{
	size_t n = strlen(word);

	return strncasecmp(line, word, n) == 0 &&
	       (line[n] == '\0' || line[n] == ' ');
}

int pop3_upstream_status(struct upstream *u, bool *ok_r, struct err *e)
{
	if (upstream_read_line(u, e) < 0)
		return -1;
	*ok_r = begins(u->line.data, "+OK");
	if (!*ok_r && !begins(u->line.data, "-ERR"))
		return err_set(e, ERR_TEMP, "server %s sent what is no answer",
			       u->host);
	return 0;
}

int pop3_upstream_command(struct upstream *u, bool *ok_r, struct err *e,
			  const char *fmt, ...)
{
	va_list ap;
	int result;

	va_start(ap, fmt);
	result = upstream_sendv(u, e, fmt, ap);
	va_end(ap);
	return result < 0 ? -1 : pop3_upstream_status(u, ok_r, e);
}

/* --- CAPA ----------------------------------------------------------------- */

static const struct {
	const char *keyword;
	size_t offset;
} switches[] = {
	{"TOP", offsetof(struct pop3_features, top)},
	{"UIDL", offsetof(struct pop3_features, uidl)},
	{"STLS", offsetof(struct pop3_features, stls)},
	{"PIPELINING", offsetof(struct pop3_features, pipelining)},
	{"RESP-CODES", offsetof(struct pop3_features, resp_codes)},
};

static void note_mechanisms(struct upstream *u, const char *names)
{
	while (*names) {
		size_t n = strcspn(names, " ");

		upstream_add_mechanism(&u->mechanisms, names, n);
		names += n;
		names += strspn(names, " ");
	}
}

static void note_capability(struct upstream *u, struct pop3_features *f)
{
	const char *line = u->line.data;

	for (size_t i = 0; i < N_ELEMENTS(switches); i++)
		if (begins(line, switches[i].keyword))
			*(bool *)((char *)f + switches[i].offset) = true;
	if (begins(line, "USER"))
		u->mechanisms |= UPSTREAM_USER;
	if (begins(line, "SASL"))
		note_mechanisms(u, line + strlen("SASL"));
}

/*
 * A server that knows no CAPA knows USER and PASS (RFC 1939), and whether it
 * knows STLS, TOP and UIDL is found by asking for them.
 */
static void assume_the_old(struct upstream *u, struct pop3_features *f)
{
	f->top = f->uidl = f->stls = true;
	u->mechanisms = UPSTREAM_USER;
}

int pop3_upstream_capa(struct upstream *u, struct pop3_features *f,
		       struct err *e)
{
	bool ok;

	*f = (struct pop3_features){.capa = false};
	u->mechanisms = 0;
	if (pop3_upstream_command(u, &ok, e, "CAPA") < 0)
		return -1;
	if (!ok) {
		assume_the_old(u, f);
		return 0;
	}
	f->capa = true;
	for (unsigned n = 0; n < CAPA_LINES_MAX; n++) {
		if (upstream_read_line(u, e) < 0)
			return -1;
		if (strcmp(u->line.data, ".") == 0)
			return 0;
		note_capability(u, f);
	}
	return err_set(e, ERR_TEMP, "server %s sent a CAPA without an end",
		       u->host);
}

/* --- opening and logging in ----------------------------------------------- */

static int says(const struct upstream *u, const char *what, struct err *e)
{
	return err_set(e, ERR_TEMP, "server %s answers %s: %s", u->host, what,
		       u->line.data);
}

static int start_tls(struct upstream *u, const struct pop3_features *f,
		     struct err *e)
{
	bool ok;

	if (!f->stls)
		return err_set(e, ERR_TEMP,
			       "server %s offers no STLS, and nothing is sent "
			       "in clear",
			       u->host);
	if (pop3_upstream_command(u, &ok, e, "STLS") < 0)
		return -1;
	return ok ? upstream_start_tls(u, e) : says(u, "STLS", e);
}

int pop3_upstream_open(struct upstream *u, struct pop3_features *f_r,
		       struct err *e)
{
	bool ok;

	if (pop3_upstream_status(u, &ok, e) < 0)
		return -1;
	if (!ok)
		return says(u, "the connection", e);
	if (pop3_upstream_capa(u, f_r, e) < 0)
		return -1;
	if (upstream_has_tls(u))
		return 0;
	/* RFC 2595 4: what was learnt in clear is forgotten. */
	return start_tls(u, f_r, e) < 0 ? -1 : pop3_upstream_capa(u, f_r, e);
}

/* "+ …" goes on, "+OK" is the end of it (RFC 5034 4). */
static int read_step(struct upstream *u, enum upstream_step *step_r,
		     struct err *e)
{
	if (upstream_read_line(u, e) < 0)
		return -1;
	if (begins(u->line.data, "+OK"))
		*step_r = UPSTREAM_DONE;
	else if (begins(u->line.data, "+"))
		*step_r = UPSTREAM_GO_ON;
	else
		*step_r = UPSTREAM_REFUSED;
	return 0;
}

static int refused(const struct upstream *u, struct err *e)
{
	return err_set(e, ERR_PASSWORD, "server %s refused the login: %s",
		       u->host, u->line.data);
}

/* A line break in a name or password would be a command of its own. */
static bool fits_on_a_line(const struct credential *c)
{
	return !strpbrk(c->user, "\r\n") &&
	       !memchr(c->secret->bytes, '\r', c->secret->len) &&
	       !memchr(c->secret->bytes, '\n', c->secret->len) &&
	       !memchr(c->secret->bytes, '\0', c->secret->len);
}

static int login_user_pass(struct upstream *u, const struct credential *c,
			   struct err *e)
{
	bool ok;

	if (!fits_on_a_line(c))
		return err_set(e, ERR_PASSWORD,
			       "server %s: user name or password holds a line "
			       "break",
			       u->host);
	if (pop3_upstream_command(u, &ok, e, "USER %s", c->user) < 0)
		return -1;
	if (!ok)
		return refused(u, e);
	if (upstream_send_pass(u, c->secret, e) < 0 ||
	    pop3_upstream_status(u, &ok, e) < 0)
		return -1;
	return ok ? 0 : refused(u, e);
}

/*
 * RFC 2449 6.8: both at once where the server takes it, a round trip less. The
 * answer to PASS is the one that counts.
 */
static int login_pipelined(struct upstream *u, const struct credential *c,
			   struct err *e)
{
	bool user_ok, ok;

	if (upstream_send(u, e, "USER %s", c->user) < 0 ||
	    upstream_send_pass(u, c->secret, e) < 0 ||
	    pop3_upstream_status(u, &user_ok, e) < 0 ||
	    pop3_upstream_status(u, &ok, e) < 0)
		return -1;
	return ok ? 0 : refused(u, e);
}

/* What stands in the brackets of "-ERR [CODE] …" (RFC 2449 8). */
static bool has_code(const struct upstream *u, const char *code)
{
	const char *text = u->line.data;
	size_t n = strlen(code);

	if (strncmp(text, "-ERR", 4) != 0)
		return false;
	text += 4;
	text += strspn(text, " ");
	return *text == '[' && strncasecmp(text + 1, code, n) == 0 &&
	       (text[1 + n] == '/' || text[1 + n] == ']');
}

/* RFC 3206, RFC 2449: these say nothing about the password. */
static int temporary(const struct upstream *u, struct err *e)
{
	static const char *const codes[] = {"SYS", "IN-USE", "LOGIN-DELAY"};

	for (size_t i = 0; i < N_ELEMENTS(codes); i++)
		if (e->kind == ERR_PASSWORD && has_code(u, codes[i]))
			e->kind = ERR_TEMP;
	return -1;
}

/*
 * A server that takes LOGIN alone may name USER all the same, and refuse it:
 * so USER goes before SASL only where PLAIN is offered, too.
 */
static bool takes_user_pipelined(const struct upstream *u,
				 const struct pop3_features *f)
{
	const unsigned both = UPSTREAM_USER | UPSTREAM_PLAIN;

	return f->pipelining && (u->mechanisms & both) == both;
}

static int login(struct upstream *u, const struct credential *c,
		 const struct pop3_features *f, struct err *e)
{
	const unsigned sasl = UPSTREAM_PLAIN | UPSTREAM_LOGIN;

	if (!c->is_token && takes_user_pipelined(u, f) && fits_on_a_line(c))
		return login_pipelined(u, c, e);
	if (!c->is_token && !(u->mechanisms & sasl) &&
	    u->mechanisms & UPSTREAM_USER)
		return login_user_pass(u, c, e);
	return upstream_sasl_login(u, c, read_step, e);
}

int pop3_upstream_login(struct upstream *u, const struct credential *c,
			const struct pop3_features *f, struct err *e)
{
	return login(u, c, f, e) < 0 ? temporary(u, e) : 0;
}
