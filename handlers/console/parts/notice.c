/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sentences that an address can ask for. */
#include "common/base.h"
#include "handlers/console/parts/notice.h"

#include "handlers/console/console.h"

static const struct {
	const char *word;
	const char *text;
} notices[] = {
	{"saved", N_("The settings are saved.")},
	{"suspended", N_("The mailbox is suspended: no mail is taken, "
			 "collecting goes on.")},
	{"activated", N_("The mailbox takes mail again.")},
	{"deleted", N_("The mailbox is deleted.")},
	{"kept", N_("The mailbox is ready. What to enter where stands under "
		    "“Connect”.")},
	{"confirmed", N_("The old password has ended.")},
	{"recipients", N_("The recovery recipients are changed.")},
	{"password", N_("Your new password is in use; every other session of "
			"yours has ended.")},
	{"ended", N_("Every other session of yours has ended.")},
};

void notice_write(struct console *c)
{
	const char *word = urlencoded_value(&c->request->query, "done");

	for (size_t i = 0; i < N_ELEMENTS(notices); i++)
		if (strcmp(notices[i].word, word) == 0)
			say(c,
			    "<p class=\"notice good\" role=\"status\">%s</p>\n",
			    _(notices[i].text));
}
