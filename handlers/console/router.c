/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of routes and its dispatcher. */
#include "common/base.h"
#include "handlers/console/router.h"

#include "common/mailbox_id.h"
#include "handlers/console/console.h"
#include "handlers/console/sign_in/visitor.h"
#include "store/admin.h"

enum route_needs {
	NEEDS_NOTHING,
	NEEDS_VISITOR, /* a cookie: the form was ours */
	NEEDS_ADMIN,   /* somebody who has signed in */
	NEEDS_STORE,   /* and the store */
};

/* "*" in a path is a mailbox id. */
struct route {
	enum method method;
	const char *path;
	enum route_needs needs;
	void (*page)(struct console *c);
};

static const struct route routes[] = {
	{METHOD_GET, "/", NEEDS_STORE, page_overview},
	{METHOD_GET, "/new", NEEDS_STORE, page_new},
	{METHOD_POST, "/new", NEEDS_STORE, page_create},
	{METHOD_GET, "/mailbox/*", NEEDS_STORE, page_mailbox},
	{METHOD_POST, "/mailbox/*", NEEDS_STORE, page_mailbox_save},
	{METHOD_POST, "/mailbox/*/suspend", NEEDS_STORE, page_mailbox_suspend},
	{METHOD_POST, "/mailbox/*/activate", NEEDS_STORE,
	 page_mailbox_activate},
	{METHOD_GET, "/mailbox/*/connect", NEEDS_STORE, page_connect},
	{METHOD_GET, "/mailbox/*/password", NEEDS_STORE, page_password},
	{METHOD_POST, "/mailbox/*/password", NEEDS_STORE, page_password_change},
	{METHOD_POST, "/mailbox/*/password/confirm", NEEDS_STORE,
	 page_password_confirm},
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

/* --- which one ------------------------------------------------------------ */

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

/* NULL: none; *allowed_r: 1 << method for each that the path does take. */
static const struct route *find_route(const struct request *r,
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

/* --- who may -------------------------------------------------------------- */

static void refuse_request(struct console *c, int status)
{
	const char *text = _("The request was not one that this page "
			     "understands.");

	if (status == 413)
		text = _("The form was too large: at most 64 KiB are taken.");
	else if (status == 414)
		text = _("The address of the page was too long.");
	page_error(c, status, _("That did not work"), text);
}

/* RFC 9110 15.5.6 wants to hear what would have been right. */
static void refuse_method(struct console *c, unsigned allowed)
{
	bool get = allowed & 1u << METHOD_GET;
	bool post = allowed & 1u << METHOD_POST;

	answer_header(&c->answer, "Allow", "%s%s%s", get ? "GET, HEAD" : "",
		      get && post ? ", " : "", post ? "POST" : "");
	page_error(c, 405, _("Not possible"),
		   _("This page cannot be called in this way."));
}

static void refuse_unproved(struct console *c)
{
	page_error(c, 403, _("Nothing was changed"),
		   _("The form came from another page than this console's, or "
		     "from before you signed in. Go back, load the page anew, "
		     "and send it again."));
}

/* Passwords travel in what comes next: never in clear. */
static void refuse_clear_text(struct console *c)
{
	page_error(c, 403, _("Only with https"),
		   _("This console is reached by https only, and this request "
		     "came without. If a web server in front of it speaks "
		     "https, it must say so in the variable HTTPS."));
}

static void refuse_stranger(struct console *c)
{
	if (c->conf->console.web_server_auth)
		page_error(c, 403, _("Not signed in"),
			   _("The web server in front of this console is to "
			     "say who you are (auth = web-server), and has "
			     "not. Its configuration must protect this "
			     "address."));
	else
		answer_see_other(c, "/login%s",
				 c->visitor.ended ? "?ended=1" : "");
}

static void refuse_without_store(struct console *c)
{
	page_error(c, 503, _("The store cannot be opened"),
		   c->store_error.text);
}

/* The own password comes first, but for what signing in and out needs. */
static bool is_kept_from(const struct console *c, const struct route *r)
{
	return c->visitor.must_change && r->needs >= NEEDS_ADMIN &&
	       strncmp(r->path, "/account", 8) != 0;
}

/* What a page changes is told under the name of who is signed in. */
static void acts(struct console *c)
{
	if (c->store)
		store_acts_for(c->store, c->visitor.name, "console");
}

static void run(struct console *c, const struct route *r)
{
	if (r->method == METHOD_POST && !visitor_proves(c))
		refuse_unproved(c);
	else if (r->needs >= NEEDS_ADMIN && !*c->visitor.name)
		refuse_stranger(c);
	else if (is_kept_from(c, r))
		answer_see_other(c, "/account");
	else if (r->needs == NEEDS_STORE && !c->store)
		refuse_without_store(c);
	else {
		acts(c);
		r->page(c);
	}
}

void router_answer(struct console *c, int status)
{
	const struct route *r = NULL;
	unsigned allowed = 0;

	if (!c->request->over_tls) {
		refuse_clear_text(c);
		return;
	}
	visitor_meet(c);
	if (!status)
		r = find_route(c->request, c->id, &allowed);
	if (status)
		refuse_request(c, status);
	else if (r)
		run(c, r);
	else if (allowed)
		refuse_method(c, allowed);
	else
		page_error(c, 404, _("Not found"), _("There is no such page."));
	visitor_set_cookie(c);
}
