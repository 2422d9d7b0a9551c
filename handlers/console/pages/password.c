/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A new password for a mailbox, by its old one, and a new key under the same
 * password: nothing is lost.
 */
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

static const struct field_rule rekey_fields[] = {
	{.name = "password",
	 .kind = FIELD_SECRET,
	 .label = N_("Password of the mailbox"),
	 .max = 256,
	 .required = true,
	 .complete = "off"},
};

static void write_confirm(struct console *c)
{
	page_section(c, _("After a change"));
	say(c, "<p>%s</p>\n",
	    _("After a change the old password stays valid until somebody logs "
	      "in with the new one. Here it can be ended at once. A new one "
	      "that nobody has used can be withdrawn: then the old one goes on "
	      "as before."));
	say(c, "<div class=\"actions\">\n");
	page_form_begin(c, "/mailbox/%s/password/confirm", c->id);
	page_form_end_quietly(c, _("End the old password"));
	page_form_begin(c, "/mailbox/%s/password/cancel", c->id);
	page_form_end_quietly(c, _("Withdraw the new password"));
	say(c, "</div>\n");
	page_section_end(c);
}

static void write_rekey(struct console *c, const struct form *f)
{
	page_section(c, _("New key"));
	say(c, "<p>%s</p>\n",
	    _("Mail that comes is sealed to a new key under the same password. "
	      "The old key stays for what was sealed to it: who has a copy of "
	      "it still opens that, and nothing that comes."));
	page_form_begin(c, "/mailbox/%s/rekey", c->id);
	form_write(c, f);
	page_form_end_quietly(c, _("Make a new key"));
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

/* The forms that have fields; the one that did not come is empty. */
struct forms {
	struct form change, rekey;
};

static void write_page(struct console *c, const struct mailbox_conf *m,
		       const struct forms *f)
{
	mailbox_frame_begin(c, m);
	page_notice(c);
	page_section(c, _("New password"));
	say(c, "<p>%s</p>\n",
	    _("A new password is made and shown once. No message is touched. "
	      "Enter it in the archive: the old one stays valid until the "
	      "first login with the new one."));
	page_form_once(c, "/mailbox/%s/password", c->id);
	form_write(c, &f->change);
	page_form_end(c, _("Make a new password"));
	page_section_end(c);
	write_confirm(c);
	write_rekey(c, &f->rekey);
	write_lost(c);
	page_end(c);
}

static void init_forms(struct forms *f)
{
	form_init(&f->change, fields, N_ELEMENTS(fields));
	form_init(&f->rekey, rekey_fields, N_ELEMENTS(rekey_fields));
}

static void show_forms(struct console *c, const struct forms *f)
{
	struct mailbox *m = mailbox_frame_open(c);

	if (!m)
		return;
	if (!f->change.good || !f->rekey.good)
		c->answer.status = 422;
	write_page(c, mailbox_settings(m), f);
	mailbox_close(&m);
}

PAGE(password)
{
	struct forms f;

	init_forms(&f);
	show_forms(c, &f);
}

/* Runs `mailbox COMMAND ID [OPTION]`, which is that action of the audit. */
static int run_tool(struct console *c, const char *command, const char *option,
		    const char *action, const struct secret *input,
		    struct helper_result *r, struct err *e)
{
	struct conf_strings args = {.list = NULL};
	int result;

	conf_strings_add(&args, "mailbox");
	conf_strings_add(&args, command);
	conf_strings_add(&args, c->id);
	if (option)
		conf_strings_add(&args, option);
	result = helper_run(c, &args, input, r, e);
	conf_strings_release(&args);
	audit(c, action, c->id, result < 0 ? e : NULL);
	return result;
}

/* --- a new password ------------------------------------------------------- */

static void change(struct console *c, struct forms *f)
{
	const char *old = form_value(&f->change, "old");
	struct helper_result r;
	struct secret line;
	struct err e;
	int result;

	secret_set(&line, old, strlen(old)); /* the end of fd 0 ends the line */
	result = run_tool(c, "passwd", NULL, "password-change", &line, &r, &e);
	secret_release(&line);
	if (result == 0) {
		secret_shown(c, &r, c->id, _("The new password"),
			     _("The old password stays valid until somebody "
			       "logs in with the new one."));
	} else if (e.kind == ERR_PASSWORD) {
		form_refuse(&f->change, "old", "%s",
			    _("This is not its password."));
		show_forms(c, f);
	} else {
		page_failure(c, &e);
	}
	helper_release(&r);
}

PAGE(password_change)
{
	struct forms f;

	init_forms(&f);
	form_read(&f.change, fields, N_ELEMENTS(fields), &c->request->form);
	if (!f.change.good)
		show_forms(c, &f);
	else if (page_spends_form(c))
		change(c, &f);
}

/* Ends one of the two that a change has left. */
static void end(struct console *c, const char *option, const char *action,
		const char *done)
{
	struct helper_result r;
	struct err e;

	if (run_tool(c, "passwd", option, action, NULL, &r, &e) == 0)
		answer_see_other(&c->answer, "/mailbox/%s/password?done=%s",
				 c->id, done);
	else
		page_failure(c, &e);
	helper_release(&r);
}

PAGE(password_confirm)
{
	end(c, "--confirm", "password-confirm", "confirmed");
}

PAGE(password_cancel)
{
	end(c, "--cancel", "password-cancel", "cancelled");
}

/* --- a new key ------------------------------------------------------------ */

static void make_key(struct console *c, struct forms *f)
{
	const char *password = form_value(&f->rekey, "password");
	struct helper_result r;
	struct secret line;
	struct err e;
	int result;

	secret_set(&line, password, strlen(password));
	result = run_tool(c, "rekey", NULL, "rekey", &line, &r, &e);
	secret_release(&line);
	if (result == 0) {
		answer_see_other(&c->answer,
				 "/mailbox/%s/password?done=rekeyed", c->id);
	} else if (e.kind == ERR_PASSWORD) {
		form_refuse(&f->rekey, "password", "%s",
			    _("This is not its password."));
		show_forms(c, f);
	} else {
		page_failure(c, &e);
	}
	helper_release(&r);
}

PAGE(rekey)
{
	struct forms f;

	init_forms(&f);
	form_read(&f.rekey, rekey_fields, N_ELEMENTS(rekey_fields),
		  &c->request->form);
	if (f.rekey.good)
		make_key(c, &f);
	else
		show_forms(c, &f);
}
