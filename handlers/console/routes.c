/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of routes. To add a page: its row here. */
#include "common/base.h"
#include "handlers/console/routes.h"

#include "handlers/console/pages/pages.h"

static const struct route routes[] = {
	{METHOD_GET, "/", NEEDS_STORE, page_overview},
	{METHOD_GET, "/new", NEEDS_STORE, page_new},
	{METHOD_POST, "/new", NEEDS_STORE, page_create},
	{METHOD_GET, "/mailbox/*", NEEDS_STORE, page_mailbox},
	{METHOD_POST, "/mailbox/*", NEEDS_STORE, page_mailbox_save},
	{METHOD_POST, "/mailbox/*/suspend", NEEDS_STORE, page_mailbox_suspend},
	{METHOD_POST, "/mailbox/*/activate", NEEDS_STORE,
	 page_mailbox_activate},
	{METHOD_GET, "/mailbox/*/evidence", NEEDS_STORE, page_evidence},
	{METHOD_GET, "/mailbox/*/evidence/proof", NEEDS_STORE,
	 page_evidence_proof},
	{METHOD_POST, "/mailbox/*/undo", NEEDS_STORE, page_mailbox_undo},
	{METHOD_POST, "/mailbox/*/hold", NEEDS_STORE, page_mailbox_hold},
	{METHOD_POST, "/mailbox/*/release", NEEDS_STORE, page_mailbox_release},
	{METHOD_GET, "/mailbox/*/connect", NEEDS_STORE, page_connect},
	{METHOD_GET, "/mailbox/*/password", NEEDS_STORE, page_password},
	{METHOD_POST, "/mailbox/*/password", NEEDS_STORE, page_password_change},
	{METHOD_POST, "/mailbox/*/password/confirm", NEEDS_STORE,
	 page_password_confirm},
	{METHOD_POST, "/mailbox/*/password/cancel", NEEDS_STORE,
	 page_password_cancel},
	{METHOD_POST, "/mailbox/*/rekey", NEEDS_STORE, page_rekey},
	{METHOD_POST, "/mailbox/*/recipients", NEEDS_STORE, page_recipients},
	{METHOD_GET, "/mailbox/*/reset", NEEDS_STORE, page_reset},
	{METHOD_POST, "/mailbox/*/reset", NEEDS_STORE, page_reset_now},
	{METHOD_POST, "/mailbox/*/kept", NEEDS_STORE, page_kept},
	{METHOD_GET, "/mailbox/*/delete", NEEDS_STORE, page_delete},
	{METHOD_POST, "/mailbox/*/delete", NEEDS_STORE, page_delete_now},
	{METHOD_GET, "/activity", NEEDS_STORE, page_activity},
	{METHOD_GET, "/system", NEEDS_ADMIN, page_system},
	{METHOD_POST, "/system/test", NEEDS_STORE, page_system_test},
	{METHOD_GET, "/login", NEEDS_NOTHING, page_login},
	{METHOD_POST, "/login", NEEDS_VISITOR, page_login_now},
	{METHOD_POST, "/logout", NEEDS_VISITOR, page_logout},
	{METHOD_GET, "/account", NEEDS_ADMIN, page_account},
	{METHOD_POST, "/account/password", NEEDS_ADMIN, page_account_password},
	{METHOD_POST, "/account/language", NEEDS_VISITOR,
	 page_account_language},
	{METHOD_POST, "/account/end-all", NEEDS_ADMIN, page_account_end_all},
	{METHOD_GET, "/assets/console.css", NEEDS_NOTHING, page_asset},
	{METHOD_GET, "/assets/console.js", NEEDS_NOTHING, page_asset},
	{METHOD_GET, "/assets/icon.svg", NEEDS_NOTHING, page_asset},
};

/* The id goes to id_r; a path without one leaves it as it is. */
static bool matches(const char *pattern, const char *path,
		    char id_r[MAILBOX_ID_LEN + 1])
{
	const char *star = strchr(pattern, '*');
	size_t before = star ? (size_t)(star - pattern) : 0;

	if (!star)
		return strcmp(pattern, path) == 0;
	if (strncmp(pattern, path, before) != 0 ||
	    strlen(path) < before + MAILBOX_ID_LEN ||
	    strcmp(star + 1, path + before + MAILBOX_ID_LEN) != 0)
		return false;
	return mailbox_id_parse(path + before, MAILBOX_ID_LEN, id_r);
}

const struct route *route_find(const struct request *r,
			       char id_r[MAILBOX_ID_LEN + 1],
			       unsigned *allowed_r)
{
	enum method method = r->method == METHOD_HEAD ? METHOD_GET : r->method;

	*allowed_r = 0;
	for (size_t i = 0; i < N_ELEMENTS(routes); i++) {
		if (!matches(routes[i].path, r->path, id_r))
			continue;
		*allowed_r |= 1u << routes[i].method;
		if (routes[i].method == method)
			return &routes[i];
	}
	return NULL;
}
