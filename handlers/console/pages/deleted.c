/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was deleted: bringing it back, and keeping it from going. */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include "common/num.h"
#include "handlers/console/parts/mailbox_frame.h"
#include "handlers/console/parts/page.h"
#include "handlers/console/sign_in/audit.h"
#include "store/admin/admin.h"

static void set_hold(struct console *c, bool hold)
{
	struct mailbox *m = mailbox_frame_open(c);
	struct err e;
	int result;

	if (!m)
		return;
	result = mailbox_set_hold(m, hold, &e);
	audit(c, hold ? "mailbox-hold" : "mailbox-release", c->id,
	      result < 0 ? &e : NULL);
	if (result == 0)
		answer_see_other(&c->answer, "/mailbox/%s?done=%s", c->id,
				 hold ? "held" : "released");
	else
		page_failure(c, &e);
	mailbox_close(&m);
}

PAGE(mailbox_hold)
{
	set_hold(c, true);
}

PAGE(mailbox_release)
{
	set_hold(c, false);
}

enum { HOURS_MAX = 24 * 3660 };

/* Hours back from now; all of it where the form names none. */
static bool read_since(const struct console *c, int64_t *since_r)
{
	const char *hours = urlencoded_value(&c->request->form, "hours");
	uint64_t n = 0;

	if (*hours && !num_parse(hours, strlen(hours), HOURS_MAX, &n))
		return false;
	*since_r = *hours ? c->now - (int64_t)n * 3600 : INT64_MIN;
	return true;
}

static const char *word_for(const struct undo_report *r)
{
	if (r->cut || r->later)
		return "undone-some";
	return r->back ? "undone" : "undone-none";
}

static void undo(struct console *c, struct mailbox *m, int64_t since)
{
	struct undo_report report;
	struct err e;
	int result;

	store_set_reserve(c->store, c->conf->limits.reserve);
	result = mailbox_undo(m, since, &report, &e);
	audit(c, "mailbox-undo", c->id, result < 0 ? &e : NULL);
	if (result == 0)
		answer_see_other(&c->answer, "/mailbox/%s?done=%s", c->id,
				 word_for(&report));
	else
		page_failure(c, &e);
}

PAGE(mailbox_undo)
{
	struct mailbox *m;
	int64_t since;

	if (!read_since(c, &since)) {
		page_error(c, 400, _("Nothing was changed"),
			   _("The form names no time that is known."));
		return;
	}
	m = mailbox_frame_open(c);
	if (m)
		undo(c, m, since);
	mailbox_close(&m);
}
