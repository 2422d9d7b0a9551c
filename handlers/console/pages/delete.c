/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deleting a mailbox: a suspended one, its name typed. */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include "handlers/console/parts/confirm_loss.h"
#include "handlers/console/parts/page.h"
#include "handlers/console/sign_in/audit.h"
#include "store/admin/admin.h"

static struct confirm_loss delete_words(void)
{
	return (struct confirm_loss){
		.path = "/delete",
		.title = _("Delete"),
		.what = _("All of it is deleted for good. Let the archive "
			  "collect first what it does not have yet."),
		.button = _("Delete for good"),
	};
}

PAGE(delete)
{
	const struct confirm_loss w = delete_words();

	confirm_loss_ask(c, &w);
}

PAGE(delete_now)
{
	const struct confirm_loss w = delete_words();
	uint64_t messages;
	struct mailbox *m = confirm_loss_agreed(c, &w, &messages);
	struct err e;
	int result;

	if (!m)
		return;
	result = mailbox_delete(&m, messages, &e);
	audit(c, "mailbox-delete", c->id, result < 0 ? &e : NULL);
	if (result == 0)
		answer_see_other(&c->answer, "/?done=deleted");
	else
		page_failure(c, &e);
	mailbox_close(&m);
}
