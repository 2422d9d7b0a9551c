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

const struct reply *login_refusal_there(const struct login_refusal *words,
					struct conn *client,
					const struct err *e)
{
	bool may_pass = proxy_may_pass(e);

	conn_printf(client, "%s %s\r\n",
		    may_pass ? words->may_pass : words->credential, e->text);
	return may_pass ? &reply_sent : &reply_sent_fault;
}
