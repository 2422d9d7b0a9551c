/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client half of POP3. Answers are bounded, whatever the server sends. */
#include "common/base.h"
#include "handlers/pop3_proxy/client.h"

#include <stdarg.h>
#include <strings.h>

#include "common/conn.h"
#include "common/log.h"

enum { CAPA_LINES_MAX = 200 };

/* --- status lines --------------------------------------------------------- */

static bool begins(const char *line, const char *word)
{
	size_t n = strlen(word);

	return strncasecmp(line, word, n) == 0 &&
	       (line[n] == '\0' || line[n] == ' ');
}

/* Of a server that speaks another protocol, most likely: its words say which.
 */
static int no_answer(const struct upstream *u, struct err *e)
{
	return upstream_says(u, ERR_TEMP, "sent what is no answer",
			     u->line.data, e);
}

int pop3_upstream_status(struct upstream *u, bool *ok_r, struct err *e)
{
	if (upstream_read_line(u, e) < 0)
		return -1;
	*ok_r = begins(u->line.data, "+OK");
	return *ok_r || begins(u->line.data, "-ERR") ? 0 : no_answer(u, e);
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
		u->mechanisms |= SASL_USER_PASS;
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
	u->mechanisms = SASL_USER_PASS;
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

/* What stands in the brackets of "-ERR [CODE] …" (RFC 2449 8). */
static bool has_code(const struct upstream *u, const char *code)
{
	const char *text = u->line.data + strlen("-ERR");
	size_t n = strlen(code);

	text += strspn(text, " ");
	return *text == '[' && strncasecmp(text + 1, code, n) == 0 &&
	       (text[1 + n] == '/' || text[1 + n] == ']');
}

/* RFC 3206, RFC 2449 8.1.1, 8.1.2; a code may have codes below it. */
static const struct {
	const char *code;
	enum upstream_step means;
} refusals[] = {
	{"AUTH", UPSTREAM_REFUSED},	   {"SYS/PERM", UPSTREAM_NEVER},
	{"SYS", UPSTREAM_NOT_NOW},	   {"IN-USE", UPSTREAM_NOT_NOW},
	{"LOGIN-DELAY", UPSTREAM_NOT_NOW},
};

/* "-ERR" without a code may be about anything: another way is worth a try. */
static enum upstream_step refusal(const struct upstream *u)
{
	for (size_t i = 0; i < N_ELEMENTS(refusals); i++)
		if (has_code(u, refusals[i].code))
			return refusals[i].means;
	return UPSTREAM_NO_MECHANISM;
}

static int says(const struct upstream *u, const char *what, struct err *e)
{
	return upstream_says(
		u, refusal(u) == UPSTREAM_NEVER ? ERR_REFUSED : ERR_TEMP, what,
		u->line.data, e);
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
	return ok ? upstream_start_tls(u, e) : says(u, "answers STLS", e);
}

int pop3_upstream_open(struct upstream *u, struct pop3_features *f_r,
		       struct err *e)
{
	bool ok;

	if (pop3_upstream_status(u, &ok, e) < 0)
		return -1;
	if (!ok)
		return says(u, "answers the connection", e);
	if (pop3_upstream_capa(u, f_r, e) < 0)
		return -1;
	if (upstream_has_tls(u))
		return 0;
	/* RFC 2595 4: what was learnt in clear is forgotten. */
	return start_tls(u, f_r, e) < 0 ? -1 : pop3_upstream_capa(u, f_r, e);
}

/* "+ …" goes on, "+OK" is the end of it (RFC 5034 4). */
static int read_step(struct upstream *u, enum upstream_step *step_r,
		     struct buf *words_r, struct err *e)
{
	if (upstream_read_line(u, e) < 0)
		return -1;
	buf_reset(words_r);
	if (!buf_add(words_r, u->line.data, u->line.len))
		die_bug("a line of %zu octets", u->line.len);
	if (begins(u->line.data, "+OK"))
		*step_r = UPSTREAM_DONE;
	else if (begins(u->line.data, "+"))
		*step_r = UPSTREAM_GO_ON;
	else if (begins(u->line.data, "-ERR"))
		*step_r = refusal(u);
	else
		return no_answer(u, e);
	return 0;
}

/*
 * A server that takes LOGIN alone may name USER all the same, and refuse it:
 * so both at once only where PLAIN is offered, too.
 */
static bool takes_user_pipelined(const struct upstream *u,
				 const struct pop3_features *f)
{
	const unsigned both = SASL_USER_PASS | SASL_PLAIN;

	return f->pipelining && (u->mechanisms & both) == both;
}

int pop3_upstream_login(struct upstream *u, const struct credential *c,
			const struct pop3_features *f, struct err *e)
{
	const struct upstream_dialect dialect = {
		.read_step = read_step,
		.done_is_challenge = true,
		.user_pass = true,
		.pipelined = takes_user_pipelined(u, f),
	};

	return upstream_login(u, c, &dialect, e);
}
