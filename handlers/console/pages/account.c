/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One's own password, language and sessions. */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include "handlers/console/parts/form.h"
#include "handlers/console/parts/page.h"
#include "handlers/console/sign_in/audit.h"
#include "handlers/console/sign_in/sign_in.h"

static const struct field_rule fields[] = {
	{.name = "old",
	 .kind = FIELD_SECRET,
	 .label = N_("Present password"),
	 .max = ADMIN_PASSWORD_MAX,
	 .required = true,
	 .complete = "current-password"},
	{.name = "new",
	 .kind = FIELD_SECRET,
	 .label = N_("New password"),
	 .hint = N_("10 characters or more; a sentence is good."),
	 .max = ADMIN_PASSWORD_MAX,
	 .required = true,
	 .complete = "new-password"},
	{.name = "again",
	 .kind = FIELD_SECRET,
	 .label = N_("New password once more"),
	 .max = ADMIN_PASSWORD_MAX,
	 .required = true,
	 .complete = "new-password"},
};

static void write_password_form(struct console *c, const struct form *f)
{
	page_section(c, _("Password"));
	if (c->visitor.must_change)
		say(c, "<p class=\"notice warn\">%s</p>\n",
		    _("You signed in with a one-time password. Choose one of "
		      "your own to go on."));
	page_form_begin(c, "/account/password");
	say(c,
	    "<input type=\"text\" name=\"username\" value=\"%s\" "
	    "autocomplete=\"username\" hidden>\n",
	    c->visitor.name);
	form_write(c, f);
	page_form_end(c, _("Change the password"));
	page_section_end(c);
}

static void write_sessions(struct console *c)
{
	page_section(c, _("Sessions"));
	say(c, "<p>%s</p>\n",
	    _("A session ends by itself when it is not used, and after twelve "
	      "hours in any case."));
	page_form_begin(c, "/account/end-all");
	page_form_end_quietly(c, _("Sign out everywhere else"));
	page_section_end(c);
}

/* Where the web server asks for the password, there is none of ours. */
static void write_account_page(struct console *c, const struct form *f)
{
	page_begin(c, _("Your account"));
	page_notice(c);
	if (!c->conf->console.web_server_auth)
		write_password_form(c, f);
	page_section(c, _("Language"));
	page_languages(c);
	page_section_end(c);
	if (!c->conf->console.web_server_auth && !c->visitor.must_change)
		write_sessions(c);
	page_end(c);
}

PAGE(account)
{
	struct form f;

	form_init(&f, fields, N_ELEMENTS(fields));
	write_account_page(c, &f);
}

/* --- password ------------------------------------------------------------- */

static int change(struct console *c, const struct secret *old,
		  const struct secret *new, struct err *e)
{
	const char *file = c->conf->console.admins, *name = c->visitor.name;
	struct admin admin = {.one_time = false};

	if (!c->store) {
		*e = c->store_error;
		return -1;
	}
	if (sign_in_check_password(c, name, old, &admin, e) < 0 ||
	    admins_set_password(file, c->store, name, new, false, e) < 0)
		return -1;
	(void)session_end_all(c->state, name);
	return sign_in_again(c, e);
}

static void refuse_change(struct form *f, const struct err *e)
{
	if (e->kind == ERR_PASSWORD)
		form_refuse(f, "old", "%s", _("This is not your password."));
	else if (e->kind == ERR_CONFIG)
		form_refuse(f, "new", "%s",
			    _("Too short: 10 characters or more are needed."));
	else
		form_refuse_all(f, e->text);
}

static void change_password(struct console *c, struct form *f)
{
	const char *old_text = form_value(f, "old");
	const char *new_text = form_value(f, "new");
	struct secret old, new;
	struct err e;
	int result;

	secret_set(&old, old_text, strlen(old_text));
	secret_set(&new, new_text, strlen(new_text));
	result = change(c, &old, &new, &e);
	secret_release(&old);
	secret_release(&new);
	audit(c, "admin-passwd", NULL, result < 0 ? &e : NULL);
	if (result == 0) {
		answer_see_other(&c->answer, "/account?done=password");
		return;
	}
	refuse_change(f, &e);
	c->answer.status = 422;
	write_account_page(c, f);
}

static void check_new_password(struct form *f)
{
	if (strcmp(form_value(f, "new"), form_value(f, "again")) != 0)
		form_refuse(f, "again", "%s", _("The two are not the same."));
	else if (strcmp(form_value(f, "new"), form_value(f, "old")) == 0)
		form_refuse(f, "new", "%s",
			    _("This is the password you have now."));
}

PAGE(account_password)
{
	unsigned wait = sign_in_must_wait(c, c->visitor.name);
	struct form f;

	form_read(&f, fields, N_ELEMENTS(fields), &c->request->form);
	if (f.good)
		check_new_password(&f);
	if (c->conf->console.web_server_auth)
		form_refuse_all(&f, _("Not possible just now."));
	if (f.good && !wait) {
		change_password(c, &f);
		return;
	}
	c->answer.status = 422;
	if (f.good)
		form_refuse_for_now(c, &f, wait);
	write_account_page(c, &f);
}

/* --- language and sessions ------------------------------------------------ */

PAGE(account_language)
{
	const char *code = urlencoded_value(&c->request->form, "language");
	const struct language *l = language_find(code);

	if (l)
		answer_header(&c->answer, "Set-Cookie",
			      LANGUAGE_COOKIE "=%s; Path=/; Max-Age=31536000; "
					      "Secure; HttpOnly; "
					      "SameSite=Strict",
			      l->code);
	answer_see_other(&c->answer, *c->visitor.name ? "/account" : "/login");
}

PAGE(account_end_all)
{
	struct err e;

	(void)session_end_all(c->state, c->visitor.name);
	if (sign_in_again(c, &e) < 0) {
		page_failure(c, &e);
		return;
	}
	audit(c, "sign-out-everywhere", NULL, NULL);
	answer_see_other(&c->answer, "/account?done=ended");
}
