/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Adding and removing a recovery recipient. With the mailbox's password its
 * key is sealed to one that is added, and made anew where one is removed;
 * without, nobody is removed who has not read what that leaves open.
 */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include "handlers/console/parts/form.h"
#include "handlers/console/parts/helper.h"
#include "handlers/console/parts/mailbox_frame.h"
#include "handlers/console/parts/page.h"
#include "handlers/console/sign_in/audit.h"

static const struct choice actions[] = {
	{"add", ""},
	{"remove", ""},
	{NULL, NULL},
};

static const struct field_rule fields[] = {
	{.name = "action", .kind = FIELD_CHOICE, .max = 8, .choices = actions},
	{.name = "recipient", .kind = FIELD_LINE, .max = 200, .required = true},
	{.name = "password", .kind = FIELD_SECRET, .max = 256},
	{.name = "agreed", .kind = FIELD_CHECK},
};

/* What is asked before one is removed. */
static const struct field_rule question[] = {
	{.name = "password",
	 .kind = FIELD_SECRET,
	 .label = N_("Password of the mailbox"),
	 .hint = N_("With it the mailbox gets a new key: the removed one opens "
		    "nothing that comes, whatever copies of sealed keys there "
		    "are. What arrived before it opens as it did."),
	 .max = 256,
	 .complete = "off"},
	{.name = "agreed",
	 .kind = FIELD_CHECK,
	 .label = N_("Remove it without the password")},
};

static int run_tool(struct console *c, const struct form *f, struct err *e)
{
	const char *password = form_value(f, "password");
	struct conf_strings args = {.list = NULL};
	struct secret line = SECRET_EMPTY;
	struct helper_result r;
	int result;

	conf_strings_add(&args, "mailbox");
	conf_strings_add(&args, "recipient");
	conf_strings_add(&args, form_value(f, "action"));
	if (*password) {
		conf_strings_add(&args, "--password");
		secret_set(&line, password, strlen(password));
	} else if (form_ticked(f, "agreed")) {
		conf_strings_add(&args, "--yes");
	}
	conf_strings_add(&args, "--");
	conf_strings_add(&args, c->id);
	conf_strings_add(&args, form_value(f, "recipient"));
	result = helper_run(c, &args, &line, &r, e);
	secret_release(&line);
	helper_release(&r);
	conf_strings_release(&args);
	return result;
}

static bool removes(const struct form *f)
{
	return strcmp(form_value(f, "action"), "remove") == 0;
}

static bool is_decided(const struct form *f)
{
	return !removes(f) || *form_value(f, "password") ||
	       form_ticked(f, "agreed");
}

static void write_question(struct console *c, const struct mailbox_conf *m,
			   const char *recipient, const struct form *f)
{
	mailbox_frame_begin(c, m);
	page_section(c, _("Remove a recovery recipient"));
	say(c, "<p><code>%s</code></p>\n<p>%s</p>\n", recipient,
	    _("Without the password the mailbox keeps its key. Who has the "
	      "removed one and the file identity.recovery.age, or a copy of "
	      "it from a backup, still opens all of its mail, also what "
	      "comes."));
	page_form_begin(c, "/mailbox/%s/recipients", c->id);
	say(c,
	    "<input type=\"hidden\" name=\"action\" value=\"remove\">"
	    "<input type=\"hidden\" name=\"recipient\" value=\"%s\">\n",
	    recipient);
	form_write(c, f);
	say(c, "<button class=\"danger\">%s</button>\n</form>\n", _("Remove"));
	page_section_end(c);
	page_end(c);
}

/* wrong: a password came that is not the mailbox's. */
static void ask(struct console *c, const char *recipient, bool wrong)
{
	struct mailbox *m = mailbox_frame_open(c);
	struct form f;

	if (!m)
		return;
	form_init(&f, question, N_ELEMENTS(question));
	if (wrong) {
		form_refuse(&f, "password", "%s",
			    _("This is not its password."));
		c->answer.status = 422;
	}
	write_question(c, mailbox_settings(m), recipient, &f);
	mailbox_close(&m);
}

static void change(struct console *c, const struct form *f)
{
	const char *recipient = form_value(f, "recipient");
	struct err e;
	int result = run_tool(c, f, &e);

	audit_recipient(c, form_value(f, "action"), recipient,
			result < 0 ? &e : NULL);
	if (result == 0)
		answer_see_other(&c->answer, "/mailbox/%s?done=recipients",
				 c->id);
	else if (removes(f) && e.kind == ERR_PASSWORD)
		ask(c, recipient, true);
	else
		page_failure(c, &e);
}

PAGE(recipients)
{
	struct form f;

	form_read(&f, fields, N_ELEMENTS(fields), &c->request->form);
	if (!f.good)
		page_error(c, 422, _("Nothing was changed"),
			   _("A public key of age, age1…, is expected."));
	else if (is_decided(&f))
		change(c, &f);
	else
		ask(c, form_value(&f, "recipient"), false);
}
