/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing in and out. Which of name and password was wrong is not said. */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include "handlers/console/parts/form.h"
#include "handlers/console/parts/page.h"
#include "handlers/console/sign_in/audit.h"
#include "handlers/console/sign_in/sign_in.h"

static const struct field_rule fields[] = {
	{.name = "name",
	 .kind = FIELD_LINE,
	 .label = N_("Name"),
	 .max = ADMIN_NAME_MAX,
	 .required = true,
	 .complete = "username"},
	{.name = "password",
	 .kind = FIELD_SECRET,
	 .label = N_("Password"),
	 .max = ADMIN_PASSWORD_MAX,
	 .required = true,
	 .complete = "current-password"},
};

static void write_login_page(struct console *c, const struct form *f)
{
	page_begin(c, _("Sign in"));
	if (*urlencoded_value(&c->request->query, "ended"))
		say(c, "<p class=\"notice warn\" role=\"status\">%s</p>\n",
		    _("Your session has ended. If you were sending a form, "
		      "nothing was changed."));
	say(c, "<div class=\"card login\">\n");
	page_form_begin(c, "/login");
	form_write(c, f);
	page_form_end(c, _("Sign in"));
	say(c, "</div>\n");
	page_languages(c);
	page_end(c);
}

static void write_unneeded(struct console *c)
{
	answer_see_other(&c->answer, "/");
}

PAGE(login)
{
	struct form f;

	if (*c->visitor.name || c->conf->console.web_server_auth) {
		write_unneeded(c);
		return;
	}
	form_init(&f, fields, N_ELEMENTS(fields));
	write_login_page(c, &f);
}

static void refuse_sign_in(struct console *c, struct form *f, int status,
			   const char *text)
{
	form_refuse_all(f, text);
	c->answer.status = status;
	write_login_page(c, f);
}

static void refuse_for_now(struct console *c, struct form *f, unsigned seconds)
{
	struct err e;

	err_set(&e, ERR_BUSY, "too many failures: %u s to wait", seconds);
	audit_named(c, "sign-in", form_value(f, "name"), &e);
	form_refuse_for_now(c, f, seconds);
	write_login_page(c, f);
}

static void try_sign_in(struct console *c, struct form *f)
{
	const char *name = form_value(f, "name");
	const char *text = form_value(f, "password");
	struct secret password;
	struct err e;
	int result;

	secret_set(&password, text, strlen(text));
	result = sign_in(c, name, &password, &e);
	secret_release(&password);
	audit_named(c, "sign-in", name, result < 0 ? &e : NULL);
	if (result == 0)
		answer_see_other(&c->answer, "/");
	else if (e.kind == ERR_PASSWORD)
		refuse_sign_in(c, f, 403,
			       _("The name or the password is wrong."));
	else
		refuse_sign_in(
			c, f, 503,
			_("Signing in is not possible just now: please try "
			  "again in a moment."));
}

PAGE(login_now)
{
	unsigned wait;
	struct form f;

	form_read(&f, fields, N_ELEMENTS(fields), &c->request->form);
	wait = f.good ? sign_in_must_wait(c, form_value(&f, "name")) : 0;
	if (c->conf->console.web_server_auth)
		write_unneeded(c);
	else if (!f.good)
		refuse_sign_in(c, &f, 422, _("Both are needed."));
	else if (wait)
		refuse_for_now(c, &f, wait);
	else
		try_sign_in(c, &f);
}

PAGE(logout)
{
	if (*c->visitor.name)
		audit(c, "sign-out", NULL, NULL);
	sign_out(c);
	answer_see_other(&c->answer, "/login");
}
