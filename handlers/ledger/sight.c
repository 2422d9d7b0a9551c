/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules are those of `restante ledger verify`. What takes long is bounded,
 * and what did not fit is the next go's.
 */
#include "common/base.h"
#include "handlers/ledger/sight.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/num.h"
#include "store/ledger/judge_all.h"
#include "store/presence.h"

enum { FILES = 10000 }; /* whose size is looked at in one go */

/* What a mailbox, and its ledger, are asked with. */
struct question {
	struct sight *s;
	const struct presence *p;
	const struct ledger *lines;
};

void sight_forget(struct sight *s)
{
	evidence_release(&s->v);
}

void sight_release(struct sight *s)
{
	finds_release(&s->found);
	sight_forget(s);
}

/* --- what the ledger says --------------------------------------------------
 */

/* Whoever writes spools could put all into one part: that one is given up. */
static bool is_of_slice(struct sight *s, const struct judged *j)
{
	const struct memory_look *slice = s->slice;

	s->too_many = s->too_many || s->v.n > EVIDENCE_PART_ENTRIES;
	return !s->too_many &&
	       evidence_is_of_part(j, 0, slice->parts, slice->left - 1);
}

static void take(void *arg, const struct judged *j)
{
	struct sight *s = arg;

	if (is_of_slice(s, j))
		evidence_take(&s->v, j);
}

/* --- what is not there -----------------------------------------------------
 */

static void note_missing(struct sight *s, const char *ulid)
{
	if (s->before && !finds_has_missing(s->before, ulid))
		return;
	s->is_part = s->is_part || finds_is_full(&s->found);
	finds_add(&s->found, FIND_MISSING, ulid, NULL);
}

/*
 * In the first slice of a part, of all of it. What an administrator has brought
 * back is known by its former name, which may be of another part: then nobody
 * looks for it.
 */
static void note_fault(void *arg, enum presence_fault fault, const char *ulid,
		       UNUSED uint64_t entry)
{
	struct sight *s = arg;
	const struct evidence_message *m = evidence_named(&s->v, ulid);

	if (fault != PRESENCE_MISSING || m->sealed == EVIDENCE_NONE ||
	    s->slice->after[0])
		return;
	if (m->named == NAMED_MISSING)
		s->still++;
	else
		note_missing(s, ulid);
}

/* --- what is another file --------------------------------------------------
 */

/* One file at least: else nobody would get on. */
static bool may_hash(const struct sight *s)
{
	return !finds_is_full(&s->found) &&
	       (!s->has_hashed || clock_ms() < s->until);
}

/* One that cannot be read holds nothing up: who put it there would like that.
 */
static bool is_other(const struct question *q, const char *ulid,
		     uint8_t digest_r[DIGEST_SIZE])
{
	struct err e;
	int other =
		presence_compare(q->p, &q->s->v, q->lines, ulid, digest_r, &e);

	q->s->has_hashed = true;
	if (other < 0)
		log_warn("ledger %s: message %s was not compared: %s",
			 q->s->book->name, ulid, e.text);
	return other > 0;
}

/*
 * What lies there says more than what somebody has read. read: the digest of
 * that, where it was another.
 */
static void compare(const struct question *q, const char *ulid,
		    const uint8_t *read)
{
	struct sight *s = q->s;
	uint8_t digest[DIGEST_SIZE];

	if (is_other(q, ulid, digest))
		finds_add(&s->found, FIND_OTHER_FILE, ulid, digest);
	else if (read)
		finds_add(&s->found, FIND_OTHER_READ, ulid, read);
	else
		return;
	evidence_named(&s->v, ulid)->named_differs = 1;
}

/*
 * A size that tells is a suspicion; the digest is what counts. What was entered
 * before may have been put right.
 */
static bool compare_odd(void *arg, const char *ulid)
{
	const struct question *q = arg;
	const struct evidence_message *m = evidence_named(&q->s->v, ulid);
	uint8_t digest[DIGEST_SIZE];

	if (m->named_differs && m->differs)
		return true; /* it was read so: nothing puts that right */
	if (!may_hash(q->s))
		return false;
	if (m->named_differs)
		q->s->differing += is_other(q, ulid, digest);
	else
		compare(q, ulid, NULL);
	return true;
}

static void compare_read(void *arg, const struct judged *j)
{
	const struct question *q = arg;
	const struct entry_collected *c = &j->entry.collected;
	const struct evidence_message *m;

	if (j->verdict != JUDGE_COUNTS || j->entry.kind != ENTRY_COLLECTED)
		return;
	m = evidence_named(&q->s->v, c->ulid);
	if (!m || !m->differs || m->named_differs ||
	    m->sealed == EVIDENCE_NONE || m->head == num_load64(c->sha256))
		return;
	if (may_hash(q->s))
		compare(q, c->ulid, c->sha256);
	else
		q->s->is_part = true;
}

/* Of those that were read as another file; true: some are not entered. */
static bool count_read(struct sight *s)
{
	bool more = false;

	for (size_t i = 0; i < s->v.size; i++) {
		const struct evidence_message *m = &s->v.slots[i];

		if (!m->used || !m->differs)
			continue;
		s->differing += m->named_differs;
		more = more || !m->named_differs;
	}
	return more;
}

/* The ledger is read a second time only where there are such. */
static int compare_slice(struct question *q, struct err *e)
{
	struct sight *s = q->s;

	if (!s->slice->after[0] && count_read(s) &&
	    judge_all(s->book->dir, true, compare_read, q, e) < 0)
		return -1;
	presence_odd_sizes(q->p, &s->v, s->after, FILES, compare_odd, q);
	return 0;
}

static void compare_again(const struct question *q)
{
	const struct finds *f = q->s->before;

	for (size_t i = 0; i < f->n; i++) {
		const struct find *at = &f->list[i];

		if (at->kind != FIND_MISSING)
			compare(q, at->ulid,
				at->kind == FIND_OTHER_READ ? at->digest
							    : NULL);
	}
}

static int compare_files(struct sight *s, const struct presence *p,
			 struct err *e)
{
	struct ledger lines;
	struct question q = {.s = s, .p = p, .lines = &lines};
	int result = 0;

	if (ledger_open(s->book->dir, &lines, e) < 0)
		return -1;
	if (s->before)
		compare_again(&q);
	else
		result = compare_slice(&q, e);
	ledger_close(&lines);
	return result;
}

/* --- all of it -------------------------------------------------------------
 */

/* Of half a part nothing can be said. */
static int give_up(struct sight *s)
{
	s->after[0] = '\0';
	return 0;
}

static int look(struct sight *s, struct presence *p, struct err *e)
{
	struct presence_report report;

	memcpy(s->after, s->slice->after, sizeof(s->after));
	if (judge_all(s->book->dir, true, take, s, e) < 0)
		return -1;
	if (s->too_many)
		return give_up(s);
	if (presence_end(p, &s->v, note_fault, s, &report, e) < 0)
		return -1;
	return compare_files(s, p, e);
}

int sight_take(struct sight *s, struct mailbox *m, struct err *e)
{
	struct presence *p = presence_begin(m, e);
	int result = p ? look(s, p, e) : -1;

	presence_free(&p);
	return result;
}
