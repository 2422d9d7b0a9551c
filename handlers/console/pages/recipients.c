/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Adding and removing a recovery recipient. With the mailbox's password its
 * key is sealed anew as well; without, only mail that comes from now on is.
 */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include "handlers/console/parts/form.h"
#include "handlers/console/parts/helper.h"
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
	}
	conf_strings_add(&args, "--");
	conf_strings_add(&args, c->id);
	conf_strings_add(&args, form_value(f, "recipient"));
	result = helper_run(c->conf_file, &args, &line, &r, e);
	secret_release(&line);
	helper_release(&r);
	conf_strings_release(&args);
	return result;
}

PAGE(recipients)
{
	struct form f;
	struct err e;
	int result;

	form_read(&f, fields, N_ELEMENTS(fields), &c->request->form);
	if (!f.good) {
		page_error(c, 422, _("Nothing was changed"),
			   _("A public key of age, age1…, is expected."));
		return;
	}
	result = run_tool(c, &f, &e);
	audit_recipient(c, form_value(&f, "action"),
			form_value(&f, "recipient"), result < 0 ? &e : NULL);
	if (result == 0)
		answer_see_other(&c->answer, "/mailbox/%s?done=recipients",
				 c->id);
	else
		page_failure(c, &e);
}
