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
#include "handlers/smtp/address.h"
#include "handlers/smtp/replies.h"

enum { COMMAND_MAX = 4 * 1024, RECIPIENTS_MAX = 1000 };

static const struct reply reply_no_room = {"452", "4.3.1",
					   "No room for the copy now", 0};

/* --- parameters ----------------------------------------------------------- */

static bool knows_size(const struct smtp_features *f)
{
	return f->size;
}

static bool knows_body(const struct smtp_features *f)
{
	return f->eightbit;
}

static bool knows_utf8(const struct smtp_features *f)
{
	return f->smtputf8;
}

static bool knows_dsn(const struct smtp_features *f)
{
	return f->dsn;
}

/* RFC 4954 section 5: taken, and the server goes by the login it has seen. */
static bool is_dropped(const struct smtp_features *f UNUSED)
{
	return false;
}

/*
 * What a client may say, having been offered it before we knew the server:
 * a parameter that the server lacks is dropped (docs/decisions).
 */
static const struct {
	const char *name;
	bool for_mail;
	bool (*known)(const struct smtp_features *f);
} parameters[] = {
	{"SIZE", true, knows_size},	{"BODY", true, knows_body},
	{"SMTPUTF8", true, knows_utf8}, {"RET", true, knows_dsn},
	{"ENVID", true, knows_dsn},	{"NOTIFY", false, knows_dsn},
	{"ORCPT", false, knows_dsn},	{"AUTH", true, is_dropped},
};

struct command {
	struct buf text;
	bool utf8;     /* SMTPUTF8 was asked for */
	uint64_t size; /* as declared, or 0 */
};

static bool add_param(struct command *c, const struct addr_param *p)
{
	return buf_addf(&c->text, " %.*s", (int)p->name_len, p->name) &&
	       (!p->value ||
		buf_addf(&c->text, "=%.*s", (int)p->value_len, p->value));
}

static void note_param(struct command *c, const struct addr_param *p)
{
	if (addr_param_is(p, "SMTPUTF8"))
		c->utf8 = true;
	if (addr_param_is(p, "SIZE") && p->value)
		(void)num_parse(p->value, p->value_len, UINT64_MAX, &c->size);
}

/* NULL: it is passed on, or dropped. */
static const struct reply *take_param(const struct smtp_proxy *s,
				      struct command *c, bool for_mail,
				      const struct addr_param *p)
{
	for (size_t i = 0; i < N_ELEMENTS(parameters); i++) {
		if (parameters[i].for_mail != for_mail ||
		    !addr_param_is(p, parameters[i].name))
			continue;
		note_param(c, p);
		if (parameters[i].known(&s->features) && !add_param(c, p))
			return &smtp_bad_parameter;
		return NULL;
	}
	return &smtp_unknown_parameter;
}

static const struct reply *take_params(const struct smtp_proxy *s,
				       struct command *c, bool for_mail,
				       const char *rest)
{
	struct addr_param p;
	int n;

	while ((n = addr_param_next(&rest, &p)) > 0) {
		const struct reply *refusal = take_param(s, c, for_mail, &p);

		if (refusal)
			return refusal;
	}
	return n < 0 ? &smtp_bad_parameter : NULL;
}

/* RFC 6531 3.4: only where an address needs it is its lack a failure. */
static const struct reply *utf8_refusal(const struct smtp_proxy *s,
					const struct addr_path *path,
					bool asked)
{
	if (!path->utf8)
		return NULL;
	return asked && s->features.smtputf8 ? NULL : &smtp_need_utf8;
}

static bool skip_word(const char **arg, const char *word)
{
	size_t n = strlen(word);

	if (strncasecmp(*arg, word, n) != 0)
		return false;
	*arg += n;
	return true;
}

/* --- MAIL ----------------------------------------------------------------- */

static const struct reply *room_refusal(const struct smtp_proxy *s,
					uint64_t size)
{
	struct err e;

	if (store_room(s->account.store, size, s->conf->limits.reserve, &e) ==
	    0)
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

static const struct reply *mail(struct smtp_proxy *s, struct command *c,
				const struct addr_path *path, const char *rest)
{
	const struct reply *r;
	unsigned code;

	if (!buf_addf(&c->text, "MAIL FROM:<%s>", path->address))
		return &smtp_bad_sender;
	r = take_params(s, c, true, rest);
	if (!r)
		r = utf8_refusal(s, path, c->utf8);
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
	struct command c = {.utf8 = false};
	const struct reply *r;
	struct addr_path path;
	const char *rest;

	if (!skip_word(&arg, "FROM:"))
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

static const struct reply *rcpt(struct smtp_proxy *s, struct command *c,
				const struct addr_path *path, const char *rest)
{
	const struct reply *r;
	unsigned code;

	if (!buf_addf(&c->text, "RCPT TO:<%s>", path->address))
		return &smtp_bad_recipient;
	r = take_params(s, c, false, rest);
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
	struct command c = {.utf8 = false};
	const struct reply *r;
	struct addr_path path;
	const char *rest;

	if (!skip_word(&arg, "TO:"))
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
