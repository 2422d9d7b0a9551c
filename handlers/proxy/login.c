/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Splitting a proxied user name. Looks nothing up. */
#include "common/base.h"
#include "handlers/proxy/login.h"

bool proxy_login_is_meant(const char *text)
{
	return strchr(text, '%') != NULL;
}

static bool take_mailbox(const char *text, struct proxy_login *l)
{
	size_t n = strcspn(text, "@");

	l->mailbox_id[0] = l->mailbox_alias[0] = '\0';
	return mailbox_id_parse(text, n, l->mailbox_id) ||
	       mailbox_alias_parse(text, n, l->mailbox_alias);
}

bool proxy_login_parse(const char *text, struct proxy_login *l_r)
{
	const char *id = strrchr(text, '%');
	const char *server =
		id ? memrchr(text, '%', (size_t)(id - text)) : NULL;
	size_t n_user;

	if (!server)
		return false;
	n_user = (size_t)(server - text);
	if (n_user == 0 || n_user >= sizeof(l_r->user))
		return false;
	memcpy(l_r->user, text, n_user);
	l_r->user[n_user] = '\0';
	server++;
	return dial_server_parse(server, (size_t)(id - server), &l_r->server) &&
	       take_mailbox(id + 1, l_r);
}
