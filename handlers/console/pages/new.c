/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a mailbox. Its key and password are made by mailbox-tool. */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include "handlers/console/pages/secret.h"
#include "handlers/console/parts/helper.h"
#include "handlers/console/parts/mailbox_form.h"
#include "handlers/console/parts/page.h"
#include "handlers/console/sign_in/audit.h"

static void write_new_page(struct console *c, const struct form *f)
{
	page_begin(c, _("New mailbox"));
	say(c, "<p>%s</p>\n",
	    _("Each source of mail gets a mailbox of its own. Its password is "
	      "made here and shown once."));
	say(c, "<div class=\"card\">\n");
	page_form_once(c, "/new");
	form_write(c, f);
	page_form_end(c, _("Create"));
	say(c, "</div>\n");
	page_end(c);
}

PAGE(new)
{
	struct form f;

	form_init(&f, mailbox_form_new, mailbox_form_new_n);
	write_new_page(c, &f);
}

static void check_new_mailbox(struct form *f)
{
	const char *recipient = form_value(f, "recipient");

	mailbox_form_check_targets(f);
	if (*recipient && !mailbox_recipient_valid(recipient))
		form_refuse(f, "recipient", "%s",
			    _("This is no public key of age: age1 and 58 "
			      "characters are expected, as age-keygen prints "
			      "them."));
}

static void add_option(struct conf_strings *args, const char *name,
		       const char *value)
{
	struct buf option;

	buf_init(&option, REQUEST_BODY_MAX);
	if (*value && buf_addf(&option, "--%s=%s", name, value))
		conf_strings_add(args, option.data);
	buf_release(&option);
}

/* The name comes last, behind "--", whatever it begins with. */
static void make_arguments(const struct form *f, struct conf_strings *args)
{
	struct conf_strings targets;

	conf_strings_add(args, "mailbox");
	conf_strings_add(args, "create");
	conf_strings_add(args, "--porcelain");
	add_option(args, "description", form_value(f, "description"));
	add_option(args, "recipient", form_value(f, "recipient"));
	mailbox_form_lines(f, "targets", &targets);
	for (size_t i = 0; i < targets.n; i++)
		add_option(args, "target", targets.list[i]);
	conf_strings_release(&targets);
	conf_strings_add(args, "--");
	conf_strings_add(args, form_value(f, "name"));
}

static void show_created(struct console *c, const struct helper_result *r)
{
	char id[MAILBOX_ID_LEN + 1];
	const char *value;
	size_t n;

	value = helper_value(r, "id", &n);
	if (!value || !mailbox_id_parse(value, n, id)) {
		page_error(c, 503, _("That did not work"),
			   _("No mailbox came back. See the log."));
		return;
	}
	audit(c, "mailbox-create", id, NULL);
	secret_shown(c, r, id, _("The mailbox is made"), NULL);
}

static void create_mailbox(struct console *c, struct form *f)
{
	struct conf_strings args = {.list = NULL};
	struct helper_result r;
	struct err e;

	make_arguments(f, &args);
	if (helper_run(c, &args, NULL, &r, &e) == 0) {
		show_created(c, &r);
	} else {
		audit(c, "mailbox-create", NULL, &e);
		form_refuse_all(f, e.text);
		c->answer.status = 422;
		write_new_page(c, f);
	}
	helper_release(&r);
	conf_strings_release(&args);
}

PAGE(create)
{
	struct form f;

	form_read(&f, mailbox_form_new, mailbox_form_new_n, &c->request->form);
	if (f.good)
		check_new_mailbox(&f);
	/* The name comes last: a form that was sent twice took it itself. */
	if (f.good) {
		if (!page_spends_form(c))
			return;
		mailbox_form_check_name(c, &f, "");
	}
	if (f.good) {
		create_mailbox(c, &f);
	} else {
		c->answer.status = 422;
		write_new_page(c, &f);
	}
}
