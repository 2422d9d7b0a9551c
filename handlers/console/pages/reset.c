/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new key for a mailbox whose password is lost, and what that costs. */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include "handlers/console/pages/secret.h"
#include "handlers/console/parts/confirm_loss.h"
#include "handlers/console/parts/helper.h"
#include "handlers/console/parts/page.h"
#include "handlers/console/sign_in/audit.h"

static struct confirm_loss reset_words(void)
{
	return (struct confirm_loss){
		.path = "/reset",
		.title = _("Reset"),
		.what = _("The mailbox gets a new key and a new password. What "
			  "it holds now is set aside and stays sealed: only "
			  "the old password, should it turn up, or a recovery "
			  "key opens it. Mail that comes later is not "
			  "affected."),
		.button = _("Reset, and set these messages aside"),
	};
}

PAGE(reset)
{
	const struct confirm_loss w = reset_words();

	confirm_loss_ask(c, &w);
}

/* The tool asks for the id, and takes no more messages than were agreed to. */
static void run_reset(struct console *c, uint64_t messages)
{
	struct conf_strings args = {.list = NULL};
	struct helper_result r;
	struct secret answer;
	char option[40];
	struct err e;
	int result;

	snprintf(option, sizeof(option), "--messages=%ju", (uintmax_t)messages);
	conf_strings_add(&args, "mailbox");
	conf_strings_add(&args, "reset");
	conf_strings_add(&args, option);
	conf_strings_add(&args, c->id);
	secret_set(&answer, c->id, strlen(c->id));
	result = helper_run(c, &args, &answer, &r, &e);
	secret_release(&answer);
	audit(c, "mailbox-reset", c->id, result < 0 ? &e : NULL);
	if (result == 0)
		secret_shown(c, &r, c->id, _("The mailbox has a new key"),
			     _("It is still suspended: activate it when the "
			       "archive has the new password."));
	else
		page_failure(c, &e);
	helper_release(&r);
	conf_strings_release(&args);
}

PAGE(reset_now)
{
	const struct confirm_loss w = reset_words();
	uint64_t messages;
	struct mailbox *m = confirm_loss_agreed(c, &w, &messages);

	if (!m)
		return;
	mailbox_close(&m);
	if (page_spends_form(c))
		run_reset(c, messages);
}
