/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a kind of failure to an answer. Only a word about the credential counts
 * as a fault of the client's. */
#include "common/base.h"
#include "handlers/proxy/login_refusal.h"

#include "common/conn.h"
#include "handlers/proxy/account.h"

const struct reply *login_refusal_here(const struct login_refusal *words,
				       const struct err *e)
{
	switch (e->kind) {
	case ERR_CONFIG:
		return words->not_proxied;
	case ERR_ABSENT:
		return words->no_mailbox;
	case ERR_STATE:
		return words->suspended;
	default:
		return words->no_store;
	}
}

static const struct login_refusal_class *
class_of(const struct login_refusal *words, const struct err *e)
{
	if (proxy_may_pass(e))
		return &words->may_pass;
	return e->kind == ERR_REFUSED ? &words->refused : &words->credential;
}

const struct reply *login_refusal_there(const struct login_refusal *words,
					struct conn *client,
					const struct err *e)
{
	const struct login_refusal_class *c = class_of(words, e);
	const char *line = e->text;

	/* In SMTP it may be several lines; a POP3 server has but one. */
	for (;;) {
		size_t n = strcspn(line, "\n");

		conn_printf(client, "%s%c%s %.*s\r\n", c->code,
			    line[n] ? '-' : ' ', c->tag, (int)n, line);
		if (!line[n])
			break;
		line += n + 1;
	}
	return proxy_may_pass(e) ? &reply_sent_not_now : &reply_sent_fault;
}
