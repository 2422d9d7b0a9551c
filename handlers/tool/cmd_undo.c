/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bringing back what was deleted, and keeping it from going at all. */
#include "common/base.h"
#include "handlers/tool/command.h"

#include <inttypes.h>

#include "common/iso_time.h"
#include "handlers/tool/store.h"

static int read_since(const struct tool_args *a, int64_t *since_r,
		      struct err *e)
{
	const char *since = tool_value(a, "since");

	*since_r = INT64_MIN;
	if (!since || iso_time_parse(since, since_r))
		return 0;
	return err_set(e, ERR_CONFIG,
		       "--since %s: expected a time as 2026-11-30T00:00:00Z",
		       since);
}

static void show(const struct undo_report *r)
{
	printf("brought back: %" PRIu64 "\n", r->back);
	if (r->cut)
		printf("cut on a full disk, and gone: %" PRIu64 "\n", r->cut);
	if (r->later)
		printf("not yet to be had, try again: %" PRIu64 "\n", r->later);
}

TOOL_RUN(undo)
{
	struct undo_report report;
	struct mailbox *m;
	int64_t since;
	int result;

	if (read_since(a, &since, e) < 0)
		return -1;
	m = tool_mailbox(t, a->words[0], e);
	if (!m)
		return -1;
	store_set_reserve(t->store, t->conf->limits.reserve);
	result = mailbox_undo(m, since, &report, e);
	if (result == 0 || report.back)
		show(&report);
	mailbox_close(&m);
	return result;
}

static int set_hold(struct tool *t, const struct tool_args *a, bool hold,
		    struct err *e)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	int result;

	if (!m)
		return -1;
	result = mailbox_set_hold(m, hold, e);
	mailbox_close(&m);
	return result;
}

TOOL_RUN(hold)
{
	return set_hold(t, a, true, e);
}

TOOL_RUN(release)
{
	return set_hold(t, a, false, e);
}
