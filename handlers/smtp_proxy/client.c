/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client half of SMTP. Trusts nothing in a reply but its code. */
#include "common/base.h"
#include "handlers/smtp_proxy/client.h"

#include <stdarg.h>
#include <strings.h>

#include "common/conf.h"
#include "common/conn.h"
#include "common/log.h"
#include "common/num.h"

void smtp_reply_init(struct smtp_reply *r)
{
	r->code = 0;
	buf_init(&r->text, SMTP_REPLY_MAX);
}

/* --- replies -------------------------------------------------------------- */

/* "250-text" or "250 text" or "250". False: not a line of a reply. */
static bool read_code(const struct buf *line, unsigned *code_r, bool *last_r)
{
	uint64_t code;

	if (line->len < 3 || !num_parse(line->data, 3, 599, &code) ||
	    code < 200)
		return false;
	*code_r = (unsigned)code;
	*last_r = line->data[3] != '-';
	return line->len == 3 || line->data[3] == ' ' || line->data[3] == '-';
}

/* Of a server that speaks another protocol, most likely: its words say which.
 */
static int no_reply(const struct upstream *u, struct err *e)
{
	return upstream_says(u, ERR_TEMP, "sent what is no reply", u->line.data,
			     e);
}

int smtp_upstream_read(struct upstream *u, struct smtp_reply *r, struct err *e)
{
	bool last = false;

	buf_reset(&r->text);
	for (unsigned n = 0; !last; n++) {
		unsigned code;

		if (upstream_read_line(u, e) < 0)
			return -1;
		if (!read_code(&u->line, &code, &last) ||
		    (n && code != r->code))
			return no_reply(u, e);
		r->code = code;
		if (n == SMTP_REPLY_LINES ||
		    !buf_add(&r->text, u->line.data, u->line.len) ||
		    !buf_adds(&r->text, "\r\n"))
			return err_set(e, ERR_TEMP,
				       "server %s sent a reply without an end",
				       u->host);
	}
	return 0;
}

int smtp_upstream_commandv(struct upstream *u, struct smtp_reply *r,
			   struct err *e, const char *fmt, va_list ap)
{
	/* Where it takes nothing more it may have said why (421). */
	if (upstream_sendv(u, e, fmt, ap) < 0 && !conn_has_said(u->conn))
		return -1;
	return smtp_upstream_read(u, r, e);
}

int smtp_upstream_command(struct upstream *u, struct smtp_reply *r,
			  struct err *e, const char *fmt, ...)
{
	va_list ap;
	int result;

	va_start(ap, fmt);
	result = smtp_upstream_commandv(u, r, e, fmt, ap);
	va_end(ap);
	return result;
}

/* --- EHLO ----------------------------------------------------------------- */

static void note_size(struct smtp_features *f, const char *value, size_t n)
{
	f->size = true;
	if (!num_parse(value, n, UINT64_MAX, &f->max_size))
		f->max_size = 0;
}

/* "AUTH PLAIN LOGIN", and the older "AUTH=PLAIN". */
static void note_mechanisms(struct upstream *u, const char *names, size_t n)
{
	while (n) {
		size_t skip = names[0] == ' ' ? 1 : strcspn(names, " \r");

		if (skip > n)
			skip = n;
		if (names[0] != ' ')
			upstream_add_mechanism(&u->mechanisms, names, skip);
		names += skip;
		n -= skip;
	}
}

static const struct {
	const char *keyword;
	size_t offset;
} switches[] = {
	{"PIPELINING", offsetof(struct smtp_features, pipelining)},
	{"8BITMIME", offsetof(struct smtp_features, eightbit)},
	{"SMTPUTF8", offsetof(struct smtp_features, smtputf8)},
	{"DSN", offsetof(struct smtp_features, dsn)},
	{"ENHANCEDSTATUSCODES", offsetof(struct smtp_features, enhanced)},
	{"STARTTLS", offsetof(struct smtp_features, starttls)},
};

static bool is(const char *word, size_t n, const char *keyword)
{
	return strlen(keyword) == n && strncasecmp(word, keyword, n) == 0;
}

/* One line behind its code, n octets without CRLF. */
static void note_feature(struct upstream *u, struct smtp_features *f,
			 const char *line, size_t n)
{
	size_t word = strcspn(line, " =\r");
	size_t rest = word < n ? n - word - 1 : 0;

	for (size_t i = 0; i < N_ELEMENTS(switches); i++)
		if (is(line, word, switches[i].keyword))
			*(bool *)((char *)f + switches[i].offset) = true;
	if (is(line, word, "SIZE"))
		note_size(f, line + word + (rest > 0), rest);
	if (is(line, word, "AUTH") && rest)
		note_mechanisms(u, line + word + 1, rest);
}

static void note_features(struct upstream *u, struct smtp_features *f,
			  const struct smtp_reply *r)
{
	const char *line = r->text.data;

	*f = (struct smtp_features){.pipelining = false};
	u->mechanisms = 0;
	for (bool first = true; *line; first = false) {
		size_t n = strcspn(line, "\r");

		if (!first && n > 4)
			note_feature(u, f, line + 4, n - 4);
		line += n + 2;
	}
}

/* 5yz is for good, 4yz may pass, and what else it may be is a disturbance. */
static int says(const struct upstream *u, const char *what,
		const struct smtp_reply *r, struct err *e)
{
	return upstream_says(u, r->code / 100 == 5 ? ERR_REFUSED : ERR_TEMP,
			     what, r->text.data, e);
}

static int ehlo(struct upstream *u, struct smtp_reply *r,
		struct smtp_features *f, struct err *e)
{
	if (smtp_upstream_command(u, r, e, "EHLO %s", u->conf->hostname) < 0)
		return -1;
	if (r->code != 250)
		return says(u, "answers EHLO", r, e);
	note_features(u, f, r);
	return 0;
}

int smtp_upstream_ehlo(struct upstream *u, struct smtp_features *f_r,
		       struct err *e)
{
	struct smtp_reply r;
	int result;

	smtp_reply_init(&r);
	result = ehlo(u, &r, f_r, e);
	buf_release(&r.text);
	return result;
}

/* --- opening and logging in ----------------------------------------------- */

static int start_tls(struct upstream *u, struct smtp_reply *r,
		     const struct smtp_features *f, struct err *e)
{
	if (!f->starttls)
		return err_set(e, ERR_TEMP,
			       "server %s offers no STARTTLS, and nothing is "
			       "sent in clear",
			       u->host);
	if (smtp_upstream_command(u, r, e, "STARTTLS") < 0)
		return -1;
	if (r->code != 220)
		return says(u, "answers STARTTLS", r, e);
	return upstream_start_tls(u, e);
}

static int open_with(struct upstream *u, struct smtp_reply *r,
		     struct smtp_features *f, struct err *e)
{
	if (smtp_upstream_read(u, r, e) < 0)
		return -1;
	if (r->code != 220)
		return says(u, "answers the connection", r, e);
	if (ehlo(u, r, f, e) < 0)
		return -1;
	if (upstream_has_tls(u))
		return 0;
	/* RFC 3207 4.2: what was learnt in clear is forgotten. */
	return start_tls(u, r, f, e) < 0 ? -1 : ehlo(u, r, f, e);
}

int smtp_upstream_open(struct upstream *u, struct smtp_features *f_r,
		       struct err *e)
{
	struct smtp_reply r;
	int result;

	smtp_reply_init(&r);
	result = open_with(u, &r, f_r, e);
	buf_release(&r.text);
	return result;
}

/* RFC 4954 4 and 6. */
static const struct {
	unsigned code;
	enum upstream_step means;
} steps[] = {
	{235, UPSTREAM_DONE},
	{334, UPSTREAM_GO_ON},
	{500, UPSTREAM_NO_MECHANISM},
	{502, UPSTREAM_NO_MECHANISM},
	{504, UPSTREAM_NO_MECHANISM},
	/* These speak of whoever logs in, and how. */
	{501, UPSTREAM_REFUSED},
	{530, UPSTREAM_REFUSED},
	{534, UPSTREAM_REFUSED},
	{535, UPSTREAM_REFUSED},
	{538, UPSTREAM_REFUSED},
};

static int judge(const struct upstream *u, const struct smtp_reply *r,
		 enum upstream_step *step_r, struct err *e)
{
	for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
		if (steps[i].code != r->code)
			continue;
		*step_r = steps[i].means;
		return 0;
	}
	if (r->code < 400)
		return says(u, "answers out of turn", r, e);
	*step_r = r->code < 500 ? UPSTREAM_NOT_NOW : UPSTREAM_NEVER;
	return 0;
}

static int read_step(struct upstream *u, enum upstream_step *step_r,
		     struct buf *words_r, struct err *e)
{
	struct smtp_reply r;
	int result;

	smtp_reply_init(&r);
	result = smtp_upstream_read(u, &r, e);
	if (result == 0) {
		buf_reset(words_r);
		if (!buf_add(words_r, r.text.data, r.text.len))
			die_bug("a reply of %zu octets", r.text.len);
		result = judge(u, &r, step_r, e);
	}
	buf_release(&r.text);
	return result;
}

int smtp_upstream_login(struct upstream *u, const struct credential *c,
			struct err *e)
{
	static const struct upstream_dialect dialect = {
		.read_step = read_step,
		.initial_response = true, /* since RFC 2554 */
	};

	return upstream_login(u, c, &dialect, e);
}
