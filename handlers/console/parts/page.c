/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frame, errors, forms and notices. Decides nothing. */
#include "common/base.h"
#include "handlers/console/parts/page.h"

/* --- the frame ------------------------------------------------------------ */

/* The page one is on is said to those who do not see the colour. */
static void write_tab(struct console *c, const char *path, const char *text)
{
	const char *here = c->request->path;
	bool current = strcmp(here, path) == 0 ||
		       (*path == '/' && path[1] &&
			strncmp(here, path, strlen(path)) == 0);

	say(c, "<a href=\"%s%s\"%s>%s</a>\n", c->request->base, path,
	    html_flag(current, " aria-current=\"page\""), text);
}

static void write_navigation(struct console *c)
{
	say(c, "<nav aria-label=\"%s\">\n", _("Pages"));
	write_tab(c, "/", _("Mailboxes"));
	write_tab(c, "/activity", _("Activity"));
	write_tab(c, "/system", _("System"));
	say(c, "</nav>\n<div class=\"who\">\n");
	write_tab(c, "/account", c->visitor.name);
	if (!c->conf->console.web_server_auth) {
		page_form_begin(c, "/logout");
		page_form_end_quietly(c, _("Sign out"));
	}
	say(c, "</div>\n");
}

static void write_head(struct console *c, const char *title)
{
	const char *base = c->request->base;

	say(c,
	    "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<title>%s · Restante</title>\n",
	    c->language->code, title);
	say(c,
	    "<link rel=\"icon\" href=\"%s/assets/icon.svg?%s\">\n"
	    "<link rel=\"stylesheet\" href=\"%s/assets/console.css?%s\">\n"
	    "<script src=\"%s/assets/console.js?%s\" defer></script>\n"
	    "</head>\n<body>\n<a class=\"skip\" href=\"#content\">%s</a>\n",
	    base, PACKAGE_VERSION, base, PACKAGE_VERSION, base, PACKAGE_VERSION,
	    _("Skip to the content"));
	say(c, "<header>\n<a class=\"brand\" href=\"%s/\">Restante</a>\n",
	    base);
	if (*c->visitor.name && !c->visitor.must_change)
		write_navigation(c);
	say(c, "</header>\n<main id=\"content\" tabindex=\"-1\">\n");
}

void page_begin(struct console *c, const char *title)
{
	write_head(c, title);
	say(c, "<h1><bdi>%s</bdi></h1>\n", title);
}

void page_begin_with(struct console *c, const char *title, const char *path,
		     const char *link)
{
	write_head(c, title);
	say(c,
	    "<div class=\"title\"><h1>%s</h1>"
	    "<a class=\"button\" href=\"%s%s\">%s</a></div>\n",
	    title, c->request->base, path, link);
}

/* In "said" the script tells those who do not see what a button did. */
void page_end(struct console *c)
{
	say(c,
	    "<p class=\"unseen\" id=\"said\" role=\"status\"></p>\n"
	    "</main>\n<footer>Restante %s · %s</footer>\n</body>\n</html>\n",
	    PACKAGE_VERSION, c->conf->hostname);
}

void page_section(struct console *c, const char *title)
{
	say(c, "<section class=\"card\">\n<h2>%s</h2>\n", title);
}

void page_section_end(struct console *c)
{
	say(c, "</section>\n");
}

/* --- what is wrong -------------------------------------------------------- */

void page_error(struct console *c, int status, const char *title,
		const char *text)
{
	c->answer.status = status;
	page_begin(c, title);
	say(c, "<p>%s</p>\n<p><a href=\"%s/\">%s</a></p>\n", text,
	    c->request->base, _("To the overview"));
	page_end(c);
}

static int http_status_of(enum err_kind kind)
{
	switch (kind) {
	case ERR_ABSENT:
		return 404;
	case ERR_STATE:
	case ERR_BUSY:
		return 409;
	case ERR_PASSWORD:
		return 403;
	case ERR_CONFIG:
		return 422;
	default:
		return 503;
	}
}

void page_failure(struct console *c, const struct err *e)
{
	switch (e->kind) {
	case ERR_ABSENT:
		page_error(c, 404, _("Not found"),
			   _("There is no such mailbox, or no longer."));
		return;
	case ERR_BUSY:
		page_error(c, 409, _("In use"),
			   _("Somebody else is at work on this just now. "
			     "Nothing was changed: please try again."));
		return;
	default:
		page_error(c, http_status_of(e->kind), _("That did not work"),
			   e->text);
	}
}

bool page_spends_form(struct console *c)
{
	struct err e;

	if (form_spend(c->state, urlencoded_value(&c->request->form, "form"),
		       &e) == 0)
		return true;
	if (e.kind == ERR_STATE)
		page_error(c, 409, _("This was sent before"),
			   _("The form was sent already, and is not carried "
			     "out twice. A password that it showed cannot be "
			     "shown again."));
	else
		page_failure(c, &e);
	return false;
}

/* --- forms ---------------------------------------------------------------- */

PRINTF_LIKE(2, 0)
static void begin_form(struct console *c, const char *fmt, va_list ap)
{
	char path[REQUEST_PATH_MAX];

	vsnprintf(path, sizeof(path), fmt, ap);
	say(c,
	    "<form method=\"post\" action=\"%s%s\">\n"
	    "<input type=\"hidden\" name=\"proof\" value=\"%s\">\n",
	    c->request->base, path, c->visitor.proof);
}

void page_form_begin(struct console *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	begin_form(c, fmt, ap);
	va_end(ap);
}

void page_form_once(struct console *c, const char *fmt, ...)
{
	char name[SESSION_TOKEN_LEN + 1];
	va_list ap;

	va_start(ap, fmt);
	begin_form(c, fmt, ap);
	va_end(ap);
	form_name_new(name);
	say(c, "<input type=\"hidden\" name=\"form\" value=\"%s\">\n", name);
}

void page_form_end(struct console *c, const char *button)
{
	say(c, "<button>%s</button>\n</form>\n", button);
}

void page_form_end_quietly(struct console *c, const char *button)
{
	say(c, "<button class=\"quiet\">%s</button>\n</form>\n", button);
}

void page_copyable(struct console *c, const char *value)
{
	say(c,
	    "<span class=\"copyable\"><code>%s</code>"
	    "<button type=\"button\" class=\"copy\" data-copied=\"%s\" "
	    "hidden>%s</button></span>",
	    value, _("Copied"), _("Copy"));
}

void page_languages(struct console *c)
{
	size_t n;
	const struct language *l = languages(&n);

	page_form_begin(c, "/account/language");
	say(c,
	    "<div class=\"field row\"><label for=\"language\">%s</label>\n"
	    "<select id=\"language\" name=\"language\">\n",
	    _("Language"));
	for (size_t i = 0; i < n; i++)
		say(c, "<option value=\"%s\" lang=\"%s\"%s>%s</option>\n",
		    l[i].code, l[i].code,
		    html_flag(&l[i] == c->language, " selected"), l[i].name);
	say(c, "</select>\n");
	say(c, "<button class=\"quiet\">%s</button></div>\n</form>\n",
	    _("Use"));
}

/* --- it is done ----------------------------------------------------------- */

static const struct {
	const char *word;
	const char *text;
} notices[] = {
	{"saved", N_("The settings are saved.")},
	{"suspended", N_("The mailbox is suspended: no mail is taken, "
			 "collecting goes on.")},
	{"activated", N_("The mailbox takes mail again.")},
	{"held", N_("The mailbox is under hold: nothing that is deleted "
		    "goes.")},
	{"released", N_("The hold is released.")},
	{"undone", N_("What was deleted is back, as new messages.")},
	{"undone-some", N_("What could be brought back is back. The rest was "
			   "cut on a full disk, or is to be tried again in a "
			   "minute.")},
	{"undone-none", N_("There was nothing to bring back.")},
	{"deleted", N_("The mailbox is deleted.")},
	{"kept", N_("The mailbox is ready. What to enter where stands under "
		    "“Connect”.")},
	{"confirmed", N_("The old password has ended.")},
	{"cancelled", N_("The new password is withdrawn: the old one goes on "
			 "as before.")},
	{"rekeyed", N_("The mailbox has a new key under the same password.")},
	{"recipients", N_("The recovery recipients are changed.")},
	{"password", N_("Your new password is in use; every other session of "
			"yours has ended.")},
	{"ended", N_("Every other session of yours has ended.")},
};

void page_notice(struct console *c)
{
	const char *word = urlencoded_value(&c->request->query, "done");

	for (size_t i = 0; i < N_ELEMENTS(notices); i++)
		if (strcmp(notices[i].word, word) == 0)
			say(c,
			    "<p class=\"notice good\" role=\"status\">%s</p>\n",
			    _(notices[i].text));
}
