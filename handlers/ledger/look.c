/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nothing is called missing that was not so twice, each time by a look at the
 * mailbox, at all that tells of it, and at the mailbox again. A run does a
 * slice: it looks at so many files, and knows of so many messages.
 */
#include "common/base.h"
#include "handlers/ledger/look.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/log.h"
#include "handlers/ledger/files.h"
#include "handlers/ledger/sight.h"
#include "store/fault.h"
#include "store/ledger/looked.h"

enum {
	DAY = 86400,
	PARTS_MAX = 16, /* more is left to whoever verifies */
};

/* --- what was found --------------------------------------------------------
 */

static int enter(struct book *b, const struct find *f, struct err *e)
{
	struct entry entry = {.kind = ENTRY_MISSING,
			      .missing = {.by = "found", .when = b->now}};

	if (f->kind == FIND_MISSING) {
		memcpy(entry.missing.ulid, f->ulid, sizeof(f->ulid));
		return book_add_entry(b, &entry, e);
	}
	entry = (struct entry){.kind = ENTRY_DIFFERS,
			       .differs = {.by = "found", .when = b->now}};
	memcpy(entry.differs.ulid, f->ulid, sizeof(f->ulid));
	memcpy(entry.differs.sha256, f->digest, DIGEST_SIZE);
	return book_add_entry(b, &entry, e);
}

/* Both times; *n_r counts what is missing and what differs. */
static int enter_found(struct book *b, const struct finds *again,
		       const struct finds *before, uint64_t n_r[2],
		       struct err *e)
{
	for (size_t i = 0; i < again->n; i++) {
		const struct find *f = &again->list[i];

		if (!finds_has(before, f))
			continue;
		if (enter(b, f, e) < 0)
			return -1;
		n_r[f->kind != FIND_MISSING]++;
	}
	return 0;
}

/* One that is being deleted is renamed before its files go. */
static bool is_still_there(struct sequence_run *r, const char *id)
{
	struct err e;
	struct mailbox *m = mailbox_look_at(r->store, id, &e);
	bool there = m;

	mailbox_close(&m);
	return there;
}

static int look_again(struct sequence_run *r, struct book *b, struct mailbox *m,
		      const struct sight *first, uint64_t n_r[2], struct err *e)
{
	struct sight s = {
		.book = b, .slice = first->slice, .before = &first->found};
	int result = sight_take(&s, m, e);

	if (result == 0 && is_still_there(r, b->name))
		result = enter_found(b, &s.found, &first->found, n_r, e);
	sight_release(&s);
	return result;
}

/* --- slices ----------------------------------------------------------------
 */

/*
 * Where not all that was found had room, the next run begins with this slice
 * again: what was entered now is there still then.
 */
static void go_on(struct memory_look *m, const struct sight *s,
		  const uint64_t n[2])
{
	if (s->is_part)
		return;
	m->missing += s->still + n[false];
	m->differs += s->differing + n[true];
	memcpy(m->after, s->after, sizeof(m->after));
	if (!m->after[0])
		m->left--;
}

static int look_at_slice(struct sequence_run *r, struct book *b,
			 struct mailbox *m, uint64_t n_r[2], struct err *e)
{
	struct memory_look *slice = &b->memory.look;
	struct sight s = {.book = b, .slice = slice, .until = r->look_until};
	int result = sight_take(&s, m, e);

	sight_forget(&s);
	if (result == 0 && s.found.n)
		result = look_again(r, b, m, &s, n_r, e);
	if (s.too_many)
		log_warn("ledger %s: too many messages of one kind: not all "
			 "were looked for (restante ledger verify)",
			 b->name);
	if (result == 0)
		go_on(slice, &s, n_r);
	sight_release(&s);
	return result;
}

static bool is_due(const struct memory *m, int64_t now)
{
	return m->look.left || now < m->look.at || now - m->look.at >= DAY;
}

static void begin(struct memory *m, int64_t now)
{
	if (m->look.left)
		return;
	m->look = (struct memory_look){
		.at = now, .parts = 1 + m->tree.size / EVIDENCE_PART_ENTRIES};
	m->look.left = m->look.parts;
}

/* For whoever asks how a host is. */
static int write_looked(const struct book *b, struct err *e)
{
	const struct memory_look *m = &b->memory.look;
	const struct looked looked = {
		.when = m->at, .missing = m->missing, .differs = m->differs};
	struct buf text;
	int result = -1;

	buf_init(&text, LINE_OCTETS_MAX + 1);
	if (!looked_write(&looked, &text))
		die_bug("what was looked at does not fit");
	result = files_replace(b->dir, LOOKED_FILE, 0640, &text, e);
	buf_release(&text);
	return result;
}

/*
 * What was found is told before it is remembered that it was looked for: a run
 * that is killed in between is done again.
 */
static int finish(struct book *b, const uint64_t n[2], struct err *e)
{
	const struct memory_look *look = &b->memory.look;

	if ((!look->left && write_looked(b, e) < 0) || book_commit(b, e) < 0)
		return -1;
	if (!n[false] && !n[true])
		return 0;
	return err_set(e, ERR_DAMAGED,
		       "ledger %s: of what was received %" PRIu64
		       " messages are not there, nobody says why, and %" PRIu64
		       " are not what they were: entered just now (restante "
		       "ledger verify)",
		       b->name, n[false], n[true]);
}

/* Once a day it is said so. */
static int pass_over(struct book *b, int64_t now, struct err *e)
{
	log_warn("ledger %s: it has more than %d million entries, and is not "
		 "looked at by itself (restante ledger verify)",
		 b->name, PARTS_MAX * EVIDENCE_PART_ENTRIES / 1000000);
	b->memory.look = (struct memory_look){.at = now};
	return book_commit(b, e);
}

int look_mailbox(struct sequence_run *r, struct book *b, const char *id,
		 struct err *e)
{
	uint64_t n[2] = {0};
	struct mailbox *m;
	int result;

	if (!is_due(&b->memory, r->now) || clock_ms() >= r->look_until)
		return 0;
	if (b->memory.tree.size > (uint64_t)PARTS_MAX * EVIDENCE_PART_ENTRIES)
		return pass_over(b, r->now, e);
	m = mailbox_look_into(r->store, id, e);
	if (!m)
		return -1;
	fault_point("look.begun");
	begin(&b->memory, r->now);
	result = look_at_slice(r, b, m, n, e);
	mailbox_close(&m);
	return result == 0 ? finish(b, n, e) : -1;
}
