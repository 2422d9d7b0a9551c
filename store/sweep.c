/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bringing a mailbox's index up to its files: what a handler does once before
 * it exits, and what the administrator's sweep does for all. Opens no message.
 */
#include "common/base.h"
#include "store/store.h"

#include "store/index.h"

enum { SWEEP_WAIT_MS = 10000 };

/* Batch by batch; others get in between, for a batch is one transaction. */
static int take_in_all(struct index *ix, uint64_t *taken, struct err *e)
{
	uint64_t n;
	bool more = true;

	while (more) {
		if (index_take_in(ix, &n, &more, e) < 0)
			return -1;
		*taken += n;
		index_more_time(ix, 0);
	}
	return 0;
}

int mailbox_index(struct mailbox *m, unsigned wait_ms,
		  const struct activity *activity, struct err *e)
{
	uint64_t taken = 0;
	struct index ix;
	struct err leaving;
	int result;

	if (index_enter(m, wait_ms, &ix, e) < 0)
		return -1;
	result = take_in_all(&ix, &taken, e);
	if (result == 0 && activity)
		result = index_add_activity(&ix, activity, e);
	if (index_leave(&ix, result == 0, &leaving) < 0) {
		*e = leaving;
		return -1;
	}
	return result;
}

struct sweeping {
	const struct mailbox *mailbox;
	struct sweep_report *report;
};

static int remove_dead(const struct ticket_name *t, void *to, struct err *e)
{
	struct sweeping *s = to;
	int removed = ticket_remove_dead(s->mailbox, t, e);

	if (removed < 0)
		return -1;
	s->report->removed += (uint64_t)removed;
	return 0;
}

int mailbox_sweep(struct mailbox *m, struct sweep_report *report_r,
		  struct err *e)
{
	struct sweeping sweeping = {.mailbox = m, .report = report_r};
	struct index ix;
	struct err leaving;
	struct listing l;
	int result;

	*report_r = (struct sweep_report){.taken_in = 0};
	if (index_enter(m, SWEEP_WAIT_MS, &ix, e) < 0)
		return -1;
	result = take_in_all(&ix, &report_r->taken_in, e);
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
	return tickets_each(m, remove_dead, &sweeping, e);
}
