/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame of a mailbox's pages. Changes nothing. */
#include "common/base.h"
#include "handlers/console/parts/mailbox_frame.h"

#include "handlers/console/parts/page.h"

struct mailbox *mailbox_frame_open(struct console *c)
{
	struct err e;
	struct mailbox *m = mailbox_open(c->store, c->id, &e);

	if (!m)
		page_failure(c, &e);
	return m;
}

static void write_mailbox_tab(struct console *c, const char *path,
			      const char *text)
{
	size_t before = strlen("/mailbox/") + MAILBOX_ID_LEN;
	bool current = strcmp(c->request->path + before, path) == 0;

	say(c, "<a href=\"%s/mailbox/%s%s\"%s>%s</a>\n", c->request->base,
	    c->id, path, current ? " aria-current=\"page\"" : "", text);
}

void mailbox_frame_begin(struct console *c, const struct mailbox_conf *m)
{
	page_begin(c, m->name);
	if (m->suspended)
		say(c, "<p><span class=\"badge off\">%s</span> %s</p>\n",
		    _("Suspended"),
		    _("It takes no mail; the archive can still collect."));
	if (m->hold)
		say(c, "<p><span class=\"badge off\">%s</span> %s</p>\n",
		    _("Under hold"), _("Nothing that is deleted goes."));
	say(c, "<nav class=\"tabs\" aria-label=\"%s\">\n", _("This mailbox"));
	write_mailbox_tab(c, "", _("Settings"));
	write_mailbox_tab(c, "/connect", _("Connect"));
	write_mailbox_tab(c, "/password", _("Password"));
	write_mailbox_tab(c, "/evidence", _("Evidence"));
	say(c, "<a href=\"%s/activity?mailbox=%s\">%s</a>\n", c->request->base,
	    c->id, _("Activity"));
	say(c, "</nav>\n");
}

bool mailbox_frame_limit(struct console *c, enum limit_state state)
{
	if (state == LIMIT_FAR)
		return false;
	say(c, "<span class=\"badge off\">%s</span>",
	    state == LIMIT_REACHED ? _("Full") : _("Near full"));
	return true;
}

void mailbox_frame_address(struct console *c, const char *id)
{
	char address[400];

	snprintf(address, sizeof(address), "%s@%s", id, c->conf->domain);
	page_copyable(c, address);
}
