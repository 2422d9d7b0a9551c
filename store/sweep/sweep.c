/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the handlers' user tidies up, under byte 1: tickets, whose message gets
 * its line; what lies in gone/ and whose line is durable; spools that are old.
 * Opens no message. Every step leaves a legal state, and what is left over when
 * time is up is the next run's.
 */
#include "common/base.h"
#include "store/sweep/private.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/clock.h"
#include "store/account.h"
#include "store/expiry.h"
#include "store/leaving.h"
#include "store/lock_file.h"
#include "store/settled.h"
#include "store/undo.h"

enum {
	SWEEP_MS = 20 * 1000, /* of one mailbox, in one run */
};

static bool is_empty(const struct mailbox *m, const char *name)
{
	int fd = openat(m->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool empty = true;

	if (!d && fd >= 0)
		close(fd);
	if (!d)
		return false;
	while (empty && (entry = readdir(d)))
		empty = entry->d_name[0] == '.';
	closedir(d);
	return empty;
}

/* Nothing came, nothing went: what is counted is what is there. */
static bool is_quiet(const struct mailbox *m)
{
	struct counters c;
	struct err e;

	return is_empty(m, "tmp") && mailbox_counters(m, &c, &e) == 0 &&
	       c.counted && c.scanned && c.scanned == account_changed(m) &&
	       !c.writing &&
	       (is_empty(m, "gone") ? !c.deleted_messages
				    : undo_is_quiet(m, &c));
}

static void set_writing(struct counters *c, const void *arg)
{
	c->writing = *(const uint64_t *)arg;
}

/* What a killed writer has taken for its message is nobody's any more. */
static int count_writers(struct sweep *s, struct err *e)
{
	struct counters c;

	if (mailbox_counters(s->mailbox, &c, e) < 0)
		return -1;
	if (!c.writing)
		return 0;
	return account_count(s->mailbox, set_writing, &s->writing, e);
}

/* Behind the tickets: no line is to be written about what goes now. */
static int sweep_expired(struct sweep *s, struct err *e)
{
	size_t n;

	if (expiry_act(s->mailbox, &s->cur, &s->gone, &n, e) < 0)
		return -1;
	s->report->expired += n;
	return 0;
}

static int sweep_messages(struct sweep *s, struct err *e)
{
	int64_t changed = account_changed(s->mailbox),
		scanned = undo_changed(s->mailbox);
	struct leaving_report report;

	if (settled_scan(s->mailbox, 0, &s->cur, &s->gone, &report, e) < 0 ||
	    sweep_tickets(s, e) < 0 || sweep_expired(s, e) < 0 ||
	    sweep_gone(s, scanned, e) < 0)
		return -1;
	if (s->report->taken_in) {
		changed = account_changed(s->mailbox);
		if (sweep_scan_anew(s, e) < 0)
			return -1;
	}
	if (account_count_anew(s->mailbox, &s->cur, changed, e) < 0)
		return -1;
	return s->all_seen ? count_writers(s, e) : 0;
}

int mailbox_sweep_held(struct mailbox *m, struct sweep_report *report_r,
		       struct err *e)
{
	struct sweep s = {
		.mailbox = m, .end = clock_ms() + SWEEP_MS, .report = report_r};
	int result = leaving_open(m, e);

	*report_r = (struct sweep_report){.busy = false};
	s.steady =
		result == 0 && !is_empty(m, "gone") && undo_clock_is_steady(m);
	if (result == 0 && (!is_quiet(m) || expiry_waits(m)))
		result = sweep_messages(&s, e);
	if (result == 0)
		result = sweep_spools(&s, e);
	listing_release(&s.cur);
	listing_release(&s.gone);
	return result;
}

int mailbox_sweep_tickets_held(struct mailbox *m, struct err *e)
{
	struct sweep_report report = {.busy = false};
	struct sweep s = {
		.mailbox = m, .end = clock_ms() + SWEEP_MS, .report = &report};
	struct leaving_report left;
	int result = settled_scan(m, 0, &s.cur, &s.gone, &left, e);

	if (result == 0)
		result = sweep_tickets(&s, e);
	listing_release(&s.cur);
	listing_release(&s.gone);
	return result;
}

int mailbox_sweep(struct mailbox *m, struct sweep_report *report_r,
		  struct err *e)
{
	int result;

	*report_r = (struct sweep_report){.busy = true};
	if (mailbox_lock_byte(m, MAILBOX_BYTE_COLLECT, true, 0, e) < 0)
		return e->kind == ERR_BUSY ? 0 : -1;
	result = mailbox_hold(m, e);
	if (result == 0) {
		result = mailbox_sweep_held(m, report_r, e);
		mailbox_release(m);
	}
	mailbox_unlock_byte(m, MAILBOX_BYTE_COLLECT);
	return result;
}
