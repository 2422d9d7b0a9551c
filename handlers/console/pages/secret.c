/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A password on its way to a person: into the page and nowhere else. The page
 * is kept by no cache, and loading it again sends a form that was used.
 */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include "handlers/console/pages/secret.h"
#include "handlers/console/parts/form.h"
#include "handlers/console/parts/page.h"

static const struct field_rule kept_field[] = {
	{.name = "kept",
	 .kind = FIELD_CHECK,
	 .label = N_("I have put the password where I will find it again, and "
		     "understand that it cannot be recovered."),
	 .max = 8,
	 .required = true},
};

static void write_shown_password(struct console *c, const char *password,
				 size_t n)
{
	say(c, "<p class=\"secret copyable\"><code id=\"password\">");
	html_text(&c->answer.html, password, n);
	say(c,
	    "</code><button type=\"button\" class=\"copy\" "
	    "data-copied=\"%s\" hidden>%s</button>"
	    "<button type=\"button\" class=\"print\" hidden>%s</button></p>\n",
	    _("Copied"), _("Copy"), _("Print"));
}

/* What a printed page must say as well: whose password it is. */
static void write_owner(struct console *c, const char *id)
{
	struct err e;
	struct mailbox *m = mailbox_open(c->store, id, &e);

	say(c, "<dl class=\"facts\">\n");
	if (m)
		say(c, "<dt>%s</dt><dd><bdi>%s</bdi></dd>\n", _("Name"),
		    mailbox_settings(m)->name);
	say(c, "<dt>%s</dt><dd><code>%s</code></dd></dl>\n", _("Mailbox"), id);
	mailbox_close(&m);
}

static void write_tick(struct console *c, const char *id, struct form *f)
{
	page_form_begin(c, "/mailbox/%s/kept", id);
	form_write(c, f);
	page_form_end(c, _("Go on"));
}

void secret_shown(struct console *c, const struct helper_result *r,
		  const char *id, const char *title, const char *old)
{
	size_t n;
	const char *password = helper_value(r, "password", &n);
	struct form f;

	if (!password) {
		page_error(c, 503, _("That did not work"),
			   _("No password came back. See the log."));
		return;
	}
	form_init(&f, kept_field, N_ELEMENTS(kept_field));
	page_begin(c, title);
	say(c, "<p class=\"notice warn\">%s</p>\n",
	    _("This password is shown once, now, and is stored nowhere. "
	      "Without it, or a recovery key, nobody can read what the mailbox "
	      "holds: not you, not us, not the maker of this program."));
	say(c, "<div class=\"card\">\n");
	write_shown_password(c, password, n);
	write_owner(c, id);
	if (old)
		say(c, "<p>%s</p>\n", old);
	write_tick(c, id, &f);
	say(c, "</div>\n");
	page_end(c);
}

PAGE(kept)
{
	struct form f;

	form_read(&f, kept_field, N_ELEMENTS(kept_field), &c->request->form);
	if (f.good) {
		answer_see_other(&c->answer, "/mailbox/%s/connect?done=kept",
				 c->id);
		return;
	}
	c->answer.status = 422;
	page_begin(c, _("One thing more"));
	say(c, "<p>%s</p>\n",
	    _("The password cannot be shown again. If you have not kept it, "
	      "suspend the mailbox and reset it."));
	write_tick(c, c->id, &f);
	page_end(c);
}
