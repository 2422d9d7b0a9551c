/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The user name of a proxied login: `user%server[:port]%mailbox-id`, read
 * from the right, since a user's own name may hold a "%". An alias may stand
 * for the id, and "@anything" behind it, as many a client wants an address
 * there. A pure parser.
 */
#ifndef RESTANTE_HANDLERS_PROXY_LOGIN_H
#define RESTANTE_HANDLERS_PROXY_LOGIN_H

#include "common/mailbox_id.h"
#include "handlers/proxy/dial_rules.h"

struct proxy_login {
	char user[512]; /* for the real server */
	struct dial_server server;
	char mailbox_id[MAILBOX_ID_LEN + 1];	   /* "": an alias was given */
	char mailbox_alias[MAILBOX_ALIAS_LEN + 1]; /* "": an id was */
};

/* False: not of that form. */
bool proxy_login_parse(const char *text, struct proxy_login *l_r);

/* Whether it was meant to be one: it has a "%". */
bool proxy_login_is_meant(const char *text);

#endif
