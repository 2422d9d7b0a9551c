/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dispatcher of routes. Writes what no page is there for. */
#include "common/base.h"
#include "handlers/console/router.h"

#include "handlers/console/parts/page.h"
#include "handlers/console/routes.h"
#include "store/admin/admin.h"

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
		answer_see_other(&c->answer, "/login%s",
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

static void run_page(struct console *c, const struct route *r)
{
	if (r->method == METHOD_POST && !visitor_proves(c))
		refuse_unproved(c);
	else if (r->needs >= NEEDS_ADMIN && !*c->visitor.name)
		refuse_stranger(c);
	else if (is_kept_from(c, r))
		answer_see_other(&c->answer, "/account");
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
		r = route_find(c->request, c->id, &allowed);
	if (status)
		refuse_request(c, status);
	else if (r)
		run_page(c, r);
	else if (allowed)
		refuse_method(c, allowed);
	else
		page_error(c, 404, _("Not found"), _("There is no such page."));
	visitor_set_cookie(c);
}
