/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * MAIL and RCPT: passed to the server with the parameters that it knows. Only
 * what the server has accepted becomes part of the transaction, so that the
 * copy names exactly those who get the message.
 */
#include "common/base.h"
#include "handlers/smtp_proxy/state.h"

#include <strings.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/num.h"
#include "handlers/smtp/path_args.h"
#include "handlers/smtp/replies.h"

enum { COMMAND_MAX = 4 * 1024, RECIPIENTS_MAX = 1000 };

static const struct reply reply_no_room = {"452", "4.3.1",
					   "No room for the copy now", 0};
static const struct reply reply_no_report = {
	"555", "5.5.4", "The server reports no success: it has no DSN",
	REPLY_FAULT};

/* --- parameters ----------------------------------------------------------- */

/* A command on its way to the server. */
struct passed_on {
	const struct smtp_features *features;
	struct buf text;
	bool utf8;	/* SMTPUTF8 was asked for */
	uint64_t size;	/* as declared, or 0 */
	bool no_report; /* a report is asked for that nobody would send */
};

/*
 * What a client may say, having been offered it before we knew the server:
 * a parameter that the server lacks is dropped (docs/decisions).
 */
static bool pass_on(struct passed_on *c, const struct addr_param *p, bool known)
{
	if (!known)
		return true;
	return buf_addf(&c->text, " %.*s", (int)p->name_len, p->name) &&
	       (!p->value ||
		buf_addf(&c->text, "=%.*s", (int)p->value_len, p->value));
}

static bool read_size(const struct addr_param *p, void *to)
{
	struct passed_on *c = to;

	if (p->value)
		(void)num_parse(p->value, p->value_len, UINT64_MAX, &c->size);
	return pass_on(c, p, c->features->size);
}

static bool has_value(const struct addr_param *p, const char *value)
{
	return p->value && strlen(value) == p->value_len &&
	       strncasecmp(p->value, value, p->value_len) == 0;
}

/* BINARYMIME is never offered: it would need BDAT (RFC 3030 3). */
static bool read_body(const struct addr_param *p, void *to)
{
	struct passed_on *c = to;

	return (has_value(p, "7BIT") || has_value(p, "8BITMIME")) &&
	       pass_on(c, p, c->features->eightbit);
}

static bool read_utf8(const struct addr_param *p, void *to)
{
	struct passed_on *c = to;

	c->utf8 = true;
	return pass_on(c, p, c->features->smtputf8);
}

static bool read_dsn(const struct addr_param *p, void *to)
{
	struct passed_on *c = to;

	return pass_on(c, p, c->features->dsn);
}

/*
 * A failure is reported without DSN as well, so that only a report of success
 * is missed. Postfix names ORCPT to everybody who offers DSN: what merely says
 * how a report shall look is dropped.
 */
static bool read_notify(const struct addr_param *p, void *to)
{
	static const char success[] = "SUCCESS";
	const size_t n = sizeof(success) - 1;
	struct passed_on *c = to;

	for (size_t i = 0; p->value && i + n <= p->value_len; i++)
		if (strncasecmp(p->value + i, success, n) == 0)
			c->no_report = !c->features->dsn;
	return pass_on(c, p, c->features->dsn);
}

/* RFC 4954 section 5: taken, and the server goes by the login it has seen. */
static bool read_auth(const struct addr_param *p UNUSED, void *to UNUSED)
{
	return true;
}

static const struct path_arg mail_rows[] = {
	{"SIZE", read_size}, {"BODY", read_body}, {"SMTPUTF8", read_utf8},
	{"RET", read_dsn},   {"ENVID", read_dsn}, {"AUTH", read_auth},
};

static const struct path_arg rcpt_rows[] = {
	{"NOTIFY", read_notify},
	{"ORCPT", read_dsn},
};

/* What comes twice is the server's to judge. */
static const struct path_args_table mail_args = {mail_rows,
						 N_ELEMENTS(mail_rows)};
static const struct path_args_table rcpt_args = {rcpt_rows,
						 N_ELEMENTS(rcpt_rows)};

/* RFC 6531 3.4: only where an address needs it is its lack a failure. */
static const struct reply *utf8_refusal(const struct smtp_proxy *s,
					const struct addr_path *path,
					bool asked)
{
	if (!path->utf8)
		return NULL;
	return asked && s->features.smtputf8 ? NULL : &smtp_need_utf8;
}

/* --- MAIL ----------------------------------------------------------------- */

static const struct reply *room_refusal(struct smtp_proxy *s, uint64_t size)
{
	struct err e;

	if (proxy_account_room(&s->account, size, &e) == 0)
		return NULL;
	/* What else is wrong with the mailbox DATA says. */
	if (e.kind != ERR_FULL && e.kind != ERR_QUOTA)
		return NULL;
	log_error("%s", e.text);
	return &reply_no_room;
}

static void begin_transaction(struct smtp_proxy *s,
			      const struct addr_path *path, bool utf8)
{
	s->tx = xcalloc(1, sizeof(*s->tx));
	s->tx->sender = xstrdup(path->address);
	s->tx->utf8 = utf8;
}

static const struct reply *mail(struct smtp_proxy *s, struct passed_on *c,
				const struct addr_path *path, const char *rest)
{
	const struct reply *r;
	unsigned code;

	if (!buf_addf(&c->text, "MAIL FROM:<%s>", path->address))
		return &smtp_bad_sender;
	r = path_args_refusal(path_args_read(rest, &mail_args, c));
	if (!r)
		r = utf8_refusal(s, path, c->utf8);
	if (!r && smtp_proxy_is_too_big(s, c->size))
		r = &smtp_too_big;
	if (!r)
		r = room_refusal(s, c->size);
	if (r)
		return r;
	r = smtp_proxy_ask(s, &code, "%s", c->text.data);
	if (code / 100 == 2)
		begin_transaction(s, path, c->utf8);
	return r;
}

const struct reply *smtp_proxy_mail(void *session, const char *arg)
{
	struct smtp_proxy *s = session;
	struct passed_on c = {.features = &s->features};
	const struct reply *r;
	struct addr_path path;
	const char *rest;

	if (!path_args_skip_word(&arg, "FROM:"))
		return &smtp_bad_syntax;
	if (!addr_path_parse(arg, &path, &rest))
		return &smtp_bad_sender;
	buf_init(&c.text, COMMAND_MAX);
	r = mail(s, &c, &path, rest);
	buf_release(&c.text);
	return r;
}

/* --- RCPT ----------------------------------------------------------------- */

static void add_recipient(struct proxy_tx *tx, const char *address)
{
	tx->recipients = xgrow(tx->recipients, tx->n_recipients,
			       sizeof(*tx->recipients));
	tx->recipients[tx->n_recipients++] = xstrdup(address);
}

static const struct reply *rcpt(struct smtp_proxy *s, struct passed_on *c,
				const struct addr_path *path, const char *rest)
{
	const struct reply *r;
	unsigned code;

	if (!buf_addf(&c->text, "RCPT TO:<%s>", path->address))
		return &smtp_bad_recipient;
	r = path_args_refusal(path_args_read(rest, &rcpt_args, c));
	if (!r && c->no_report)
		r = &reply_no_report;
	if (!r)
		r = utf8_refusal(s, path, s->tx->utf8);
	if (r)
		return r;
	r = smtp_proxy_ask(s, &code, "%s", c->text.data);
	if (code / 100 == 2)
		add_recipient(s->tx, path->address);
	return r;
}

const struct reply *smtp_proxy_rcpt(void *session, const char *arg)
{
	struct smtp_proxy *s = session;
	struct passed_on c = {.features = &s->features};
	const struct reply *r;
	struct addr_path path;
	const char *rest;

	if (!path_args_skip_word(&arg, "TO:"))
		return &smtp_bad_syntax;
	if (!addr_path_parse(arg, &path, &rest) || !path.address[0])
		return &smtp_bad_recipient;
	if (s->tx->n_recipients >= RECIPIENTS_MAX)
		return &smtp_too_many_recipients;
	buf_init(&c.text, COMMAND_MAX);
	r = rcpt(s, &c, &path, rest);
	buf_release(&c.text);
	return r;
}
