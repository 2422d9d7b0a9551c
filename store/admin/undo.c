/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bringing back what was deleted. Under byte 1 throughout; what a session had
 * begun is carried through first; then, for some messages at a time, a line for
 * each, synced, and only then the renames. Each comes back as a new message:
 * collectors remember which ones they have had.
 */
#include "common/base.h"
#include "store/admin/private.h"

#include "common/log.h"
#include "store/account.h"
#include "store/admin/spool.h"
#include "store/fault.h"
#include "store/leaving.h"
#include "store/lock_file.h"
#include "store/settled.h"
#include "store/sweep/sweep.h"
#include "store/ticket.h"
#include "store/undo.h"

enum { GROUP = 256 }; /* lines of one write */

struct undo {
	struct mailbox *mailbox;
	struct listing cur, gone;
	struct tickets tickets;
	int64_t since;
	struct undo_report *report;
	/* The group at hand. */
	const struct listing_entry *entries[GROUP];
	char as[GROUP][ULID_LEN + 1];
	size_t n;
	struct buf lines;
};

static int add_line(struct undo *u, const struct listing_entry *entry,
		    struct err *e)
{
	char ulid[ULID_LEN + 1];
	struct admin_line l;

	ulid_unpack(entry->ulid, ulid);
	ulid_new(u->as[u->n]);
	admin_line_begin(&l, u->mailbox->store, "back", "undo");
	line_add(&l.w, "ulid", ulid);
	line_add(&l.w, "as", u->as[u->n]);
	if (!admin_lines_add(&u->lines, &l))
		return err_set(e, ERR_TEMP, "a line does not fit");
	u->entries[u->n++] = entry;
	return 0;
}

static int bring_group_back(struct undo *u, struct err *e)
{
	if (!u->n)
		return 0;
	fault_point("undo.carried");
	if (admin_lines_write(&u->lines, u->mailbox->dir, e) < 0)
		return -1;
	fault_point("undo.said");
	for (size_t i = 0; i < u->n; i++)
		if (leaving_bring_back(u->mailbox, u->entries[i], u->as[i], e) <
		    0)
			return -1;
	if (leaving_sync(u->mailbox, e) < 0)
		return -1;
	fault_point("undo.synced");
	u->report->back += u->n;
	u->n = 0;
	buf_reset(&u->lines);
	return 0;
}

/* Whether that one is to come back; what cannot is counted. */
static bool is_wanted(struct undo *u, const struct listing_entry *entry)
{
	char ulid[ULID_LEN + 1];
	int64_t left;

	if (entry->mark || !undo_left_at(u->mailbox, entry, &left)) {
		u->report->cut++;
		return false;
	}
	ulid_unpack(entry->ulid, ulid);
	if (left >= u->since && tickets_find(&u->tickets, ulid)) {
		u->report->later++;
		return false;
	}
	return left >= u->since;
}

static int bring_back(struct undo *u, struct err *e)
{
	for (size_t i = 0; i < u->gone.n; i++) {
		if (!is_wanted(u, &u->gone.list[i]))
			continue;
		if (add_line(u, &u->gone.list[i], e) < 0 ||
		    (u->n == GROUP && bring_group_back(u, e) < 0))
			return -1;
	}
	return bring_group_back(u, e);
}

/*
 * What was begun is finished, and nothing has a ticket that could have the
 * message entered or kept once more; both directories are synced.
 */
static int prepare(struct undo *u, struct err *e)
{
	struct mailbox *m = u->mailbox;
	struct leaving_report report;

	if (mailbox_sweep_tickets_held(m, e) < 0 ||
	    settled_scan(m, 0, &u->cur, &u->gone, &report, e) < 0 ||
	    tickets_scan(m, false, &u->tickets, e) < 0)
		return -1;
	return leaving_sync(m, e);
}

static int count_anew(struct undo *u, struct err *e)
{
	int64_t changed = account_changed(u->mailbox);

	listing_release(&u->cur);
	if (listing_scan(u->mailbox, 0, &u->cur, e) < 0)
		return -1;
	return account_count_anew(u->mailbox, &u->cur, changed, e);
}

static int undo(struct undo *u, struct err *e)
{
	if (prepare(u, e) < 0 || bring_back(u, e) < 0)
		return -1;
	return count_anew(u, e);
}

int mailbox_undo(struct mailbox *m, int64_t since, struct undo_report *report_r,
		 struct err *e)
{
	struct undo *u = xcalloc(1, sizeof(*u));
	int result = -1;

	*report_r = (struct undo_report){.back = 0};
	u->mailbox = m;
	u->since = since;
	u->report = report_r;
	buf_init(&u->lines, (size_t)GROUP * (LINE_OCTETS_MAX + 1));
	if (admin_begin(m, e) == 0) {
		if (store_room(m->store, 0, e) == 0 &&
		    admin_claim_messages(m, e) == 0)
			result = undo(u, e);
		admin_end(m);
	}
	tickets_release(&u->tickets);
	listing_release(&u->gone);
	listing_release(&u->cur);
	buf_release(&u->lines);
	free(u);
	return result;
}
