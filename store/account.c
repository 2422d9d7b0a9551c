/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines about what was kept and about sessions, and the counters. Opens no
 * message and loses none.
 */
#include "common/base.h"
#include "store/account.h"

#include <sys/stat.h>

#include <time.h>

#include "common/log.h"
#include "store/fault.h"
#include "store/ledger/entry.h"
#include "store/ledger/reason.h"
#include "store/lock_file.h"
#include "store/spool.h"

enum {
	COUNTERS_WAIT_MS = 1000,
	LINES_MAX = (ACCOUNT_FACTS_MAX + 1) * (LINE_OCTETS_MAX + 1),
};

/* --- what was noted --------------------------------------------------------
 */

static struct account *find_account(const struct mailbox *m)
{
	struct account *a = m->store->accounts;

	while (a && strcmp(a->id, m->id) != 0)
		a = a->next;
	return a;
}

static struct account *add_account(struct mailbox *m)
{
	struct account *a = xcalloc(1, sizeof(*a));

	memcpy(a->id, m->id, sizeof(a->id));
	a->next = m->store->accounts;
	m->store->accounts = a;
	return a;
}

void account_note_kept(struct mailbox *m, const struct kept_fact *fact)
{
	struct account *a = find_account(m);

	if (!a)
		a = add_account(m);
	a->list = xgrow(a->list, a->n, sizeof(*a->list));
	a->list[a->n++] = *fact;
}

bool account_is_full(const struct mailbox *m)
{
	const struct account *a = find_account(m);

	return a && a->n >= ACCOUNT_FACTS_MAX;
}

static void forget(struct account *a)
{
	free(a->list);
	a->list = NULL;
	a->n = 0;
}

void accounts_free(struct store *s)
{
	while (s->accounts) {
		struct account *a = s->accounts;

		s->accounts = a->next;
		forget(a);
		free(a);
	}
}

/* --- the counters ----------------------------------------------------------
 */

int account_count(const struct mailbox *m,
		  void (*change)(struct counters *c, const void *arg),
		  const void *arg, struct err *e)
{
	struct counters c;
	int result;

	if (mailbox_lock_byte(m, MAILBOX_BYTE_COUNTERS, true, COUNTERS_WAIT_MS,
			      e) < 0)
		return -1;
	result = mailbox_counters(m, &c, e);
	if (result == 0) {
		change(&c, arg);
		result = counters_write(m, &c, e);
	}
	mailbox_unlock_byte(m, MAILBOX_BYTE_COUNTERS);
	return result;
}

struct scan {
	const struct listing *cur;
	int64_t changed;
};

static void count_anew(struct counters *c, const void *arg)
{
	const struct scan *scan = arg;
	const struct listing *l = scan->cur;

	counters_set_waiting(c, l->n, l->octets,
			     l->n ? listing_time(&l->list[0]) : 0,
			     scan->changed);
}

int account_count_anew(const struct mailbox *m, const struct listing *cur,
		       int64_t changed, struct err *e)
{
	const struct scan scan = {cur, changed};

	return account_count(m, count_anew, &scan, e);
}

int64_t account_changed(const struct mailbox *m)
{
	struct stat st;

	if (fstat(m->cur, &st) < 0)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

struct change {
	const struct account *account; /* NULL: nothing was kept */
	const struct activity *activity;
	int64_t now;
};

static void count_session(struct counters *c, const void *arg)
{
	const struct change *change = arg;
	const struct account *a = change->account;

	for (size_t i = 0; a && i < a->n; i++)
		if (!a->list[i].counted)
			counters_add(c, a->list[i].octets, a->list[i].when,
				     change->now);
	if (change->activity && change->activity->refused)
		c->last_refused = change->activity->when;
}

static bool changes_counters(const struct account *a,
			     const struct activity *activity)
{
	return (a && a->n) || (activity && activity->refused);
}

/* --- lines -----------------------------------------------------------------
 */

static void copy_cut(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text);
}

bool account_activity_line(const struct activity *a, struct buf *out)
{
	struct entry entry = {.kind = ENTRY_ACTIVITY};
	struct entry_activity *to = &entry.activity;

	to->when = a->when;
	copy_cut(to->program, sizeof(to->program), a->program);
	copy_cut(to->peer, sizeof(to->peer), a->peer);
	copy_cut(to->outcome, sizeof(to->outcome), a->outcome);
	if (a->reason)
		copy_cut(to->reason, sizeof(to->reason),
			 reason_word(a->reason));
	to->messages = a->messages;
	to->octets = a->octets;
	return entry_write(&entry, out);
}

static bool kept_line(const struct kept_fact *fact, struct buf *out)
{
	struct entry entry = {.kind = ENTRY_KEPT};
	struct entry_kept *to = &entry.kept;

	memcpy(to->ulid, fact->ulid, sizeof(to->ulid));
	memcpy(to->sha256, fact->sha256, sizeof(to->sha256));
	copy_cut(to->by, sizeof(to->by), "writer");
	to->octets = fact->octets;
	to->when = fact->when;
	return entry_write(&entry, out);
}

static bool write_lines(const struct account *a,
			const struct activity *activity, struct buf *out)
{
	for (size_t i = 0; a && i < a->n; i++)
		if (!kept_line(&a->list[i], out))
			return false;
	return !activity || account_activity_line(activity, out);
}

static int append(struct mailbox *m, const struct account *a,
		  const struct activity *activity, struct err *e)
{
	struct buf lines;
	int result = -1;

	buf_init(&lines, LINES_MAX);
	if (!write_lines(a, activity, &lines))
		err_set(e, ERR_TEMP, "mailbox %s: a line does not fit", m->id);
	else
		result = lines.len ? spool_append(m, &lines, 1, false, e) : 0;
	buf_release(&lines);
	return result;
}

int mailbox_account(struct mailbox *m, const struct activity *activity,
		    struct err *e)
{
	struct account *a = find_account(m);
	const struct change change = {a, activity, time(NULL)};
	struct err counting;
	int result = append(m, a, activity, e);

	fault_point("account.appended");
	if (changes_counters(a, activity) &&
	    account_count(m, count_session, &change, &counting) < 0 &&
	    result == 0) {
		*e = counting;
		result = -1;
	}
	if (a)
		forget(a);
	return result;
}
