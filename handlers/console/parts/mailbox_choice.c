/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the names of the mailboxes, and nothing else of them. */
#include "common/base.h"
#include "handlers/console/parts/mailbox_choice.h"

#include "common/log.h"
#include "handlers/console/console.h"
#include "handlers/console/parts/mailbox_rows.h"

void mailbox_choice_write(struct console *c, const char *chosen)
{
	struct mailbox_rows rows = {.list = NULL};
	struct err e;

	say(c,
	    "<label>%s <select name=\"mailbox\">\n"
	    "<option value=\"\">%s</option>\n",
	    _("Mailbox"), _("Choose…"));
	if (mailbox_rows_read(c, &rows, &e) < 0)
		log_error("%s", e.text);
	for (size_t i = 0; i < rows.n; i++)
		say(c, "<option value=\"%s\"%s>%s</option>\n", rows.list[i]->id,
		    strcmp(rows.list[i]->id, chosen) == 0 ? " selected" : "",
		    rows.list[i]->name);
	mailbox_rows_release(&rows);
	say(c, "</select></label>\n");
}
