/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new password for a mailbox, by its old one: nothing is lost. */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include "handlers/console/pages/secret.h"
#include "handlers/console/parts/form.h"
#include "handlers/console/parts/helper.h"
#include "handlers/console/parts/mailbox_frame.h"
#include "handlers/console/parts/page.h"
#include "handlers/console/sign_in/audit.h"

static const struct field_rule fields[] = {
	{.name = "old",
	 .kind = FIELD_SECRET,
	 .label = N_("Present password of the mailbox"),
	 .max = 256,
	 .required = true,
	 .complete = "off"},
};

static void write_confirm(struct console *c)
{
	page_section(c, _("End the old password"));
	say(c, "<p>%s</p>\n",
	    _("After a change the old password stays valid until somebody logs "
	      "in with the new one. Here it can be ended at once."));
	page_form_begin(c, "/mailbox/%s/password/confirm", c->id);
	page_form_end_quietly(c, _("End the old password"));
	page_section_end(c);
}

static void write_lost(struct console *c)
{
	page_section(c, _("The password is lost"));
	say(c,
	    "<p>%s</p>\n<p><a class=\"button quiet\" "
	    "href=\"%s/mailbox/%s/reset\">%s</a></p>\n",
	    _("Without the password or a recovery key what the mailbox holds "
	      "cannot be read by anybody. With a recovery key, use the shell: "
	      "restante mailbox passwd ID --recovery-identity FILE. Without, "
	      "the mailbox can be given a new key."),
	    c->request->base, c->id, _("Reset…"));
	page_section_end(c);
}

static void write_page(struct console *c, const struct mailbox_conf *m,
		       const struct form *f)
{
	mailbox_frame_begin(c, m);
	page_notice(c);
	page_section(c, _("New password"));
	say(c, "<p>%s</p>\n",
	    _("A new password is made and shown once. No message is touched. "
	      "Enter it in the archive: the old one stays valid until the "
	      "first login with the new one."));
	page_form_once(c, "/mailbox/%s/password", c->id);
	form_write(c, f);
	page_form_end(c, _("Make a new password"));
	page_section_end(c);
	write_confirm(c);
	write_lost(c);
	page_end(c);
}

static void show_form(struct console *c, const struct form *f)
{
	struct mailbox *m = mailbox_frame_open(c);

	if (!m)
		return;
	if (!f->good)
		c->answer.status = 422;
	write_page(c, mailbox_settings(m), f);
	mailbox_close(&m);
}

PAGE(password)
{
	struct form f;

	form_init(&f, fields, N_ELEMENTS(fields));
	show_form(c, &f);
}

static int run_tool(struct console *c, const char *option,
		    const struct secret *input, struct helper_result *r,
		    struct err *e)
{
	struct conf_strings args = {.list = NULL};
	int result;

	conf_strings_add(&args, "mailbox");
	conf_strings_add(&args, "passwd");
	conf_strings_add(&args, c->id);
	if (option)
		conf_strings_add(&args, option);
	result = helper_run(c, &args, input, r, e);
	conf_strings_release(&args);
	audit(c, option ? "password-confirm" : "password-change", c->id,
	      result < 0 ? e : NULL);
	return result;
}

static void change(struct console *c, struct form *f)
{
	const char *old = form_value(f, "old");
	struct helper_result r;
	struct secret line;
	struct err e;
	int result;

	secret_set(&line, old, strlen(old)); /* the end of fd 0 ends the line */
	result = run_tool(c, NULL, &line, &r, &e);
	secret_release(&line);
	if (result == 0) {
		secret_shown(c, &r, c->id, _("The new password"),
			     _("The old password stays valid until somebody "
			       "logs in with the new one."));
	} else if (e.kind == ERR_PASSWORD) {
		form_refuse(f, "old", "%s", _("This is not its password."));
		show_form(c, f);
	} else {
		page_failure(c, &e);
	}
	helper_release(&r);
}

PAGE(password_change)
{
	struct form f;

	form_read(&f, fields, N_ELEMENTS(fields), &c->request->form);
	if (!f.good)
		show_form(c, &f);
	else if (page_spends_form(c))
		change(c, &f);
}

PAGE(password_confirm)
{
	struct helper_result r;
	struct err e;

	if (run_tool(c, "--confirm", NULL, &r, &e) == 0)
		answer_see_other(&c->answer,
				 "/mailbox/%s/password?done=confirmed", c->id);
	else
		page_failure(c, &e);
	helper_release(&r);
}
