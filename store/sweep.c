/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bringing a mailbox's index up to its files: what a handler does once before
 * it exits, and what the administrator's sweep does for all. Opens no message.
 */
#include "common/base.h"
#include "store/store.h"

#include "store/index.h"

enum { SWEEP_WAIT_MS = 10000 };

int mailbox_index(struct mailbox *m, unsigned wait_ms,
		  const struct activity *activity, struct err *e)
{
	uint64_t taken;
	struct index ix;
	struct err leaving;
	int result;

	if (index_enter(m, wait_ms, &ix, e) < 0)
		return -1;
	result = index_take_in(&ix, &taken, e);
	if (result == 0 && activity) {
		if (activity->refused)
			ix.counters.last_refused = activity->when;
		result = index_add_activity(&ix, activity, e);
	}
	if (index_leave(&ix, result == 0, &leaving) < 0) {
		*e = leaving;
		return -1;
	}
	return result;
}

static int remove_dead(const struct mailbox *m, uint64_t *removed,
		       struct err *e)
{
	struct tickets t;
	int result = tickets_scan(m, &t, e);

	for (size_t i = 0; result == 0 && i < t.n; i++) {
		int gone = ticket_remove_dead(m, &t.list[i], e);

		if (gone < 0)
			result = -1;
		else
			*removed += (uint64_t)gone;
	}
	tickets_release(&t);
	return result;
}

int mailbox_sweep(struct mailbox *m, struct sweep_report *report_r,
		  struct err *e)
{
	struct index ix;
	struct err leaving;
	struct listing l;
	int result;

	*report_r = (struct sweep_report){.taken_in = 0};
	if (index_enter(m, SWEEP_WAIT_MS, &ix, e) < 0)
		return -1;
	result = index_take_in(&ix, &report_r->taken_in, e);
	if (result == 0) {
		result = index_reconcile(&ix, &l, e);
		listing_release(&l);
	}
	if (index_leave(&ix, result == 0, &leaving) < 0) {
		*e = leaving;
		return -1;
	}
	if (result < 0)
		return -1;
	return remove_dead(m, &report_r->removed, e);
}
