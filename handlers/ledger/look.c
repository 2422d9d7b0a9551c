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
#include "common/num.h"
#include "handlers/ledger/files.h"
#include "store/fault.h"
#include "store/ledger/judge_all.h"
#include "store/ledger/looked.h"
#include "store/presence.h"

enum {
	DAY = 86400,
	FILES = 10000,		/* whose size is looked at in one go */
	FINDS_MAX = 4096,	/* of one go */
	PART_ENTRIES = 1000000, /* for which what is known has room */
	PARTS_MAX = 16,		/* more is left to whoever verifies */
};

struct find {
	char ulid[ULID_LEN + 1];
	bool differs;		     /* else it is missing */
	uint8_t digest[DIGEST_SIZE]; /* of what there is, where it differs */
};

struct finds {
	struct find *list;
	size_t n;
};

/* One look at one slice. */
struct look {
	const struct book *book;
	const struct memory_look *slice;
	const struct finds *before; /* the look before this one; or NULL */
	struct evidence v;
	struct finds collected; /* another file than was received */
	struct finds found;
	struct finds odd;   /* files of a size that tells */
	uint64_t still;	    /* missing, and entered long ago */
	uint64_t differing; /* so, too, and not put right since */
	bool too_many;
	char after[ULID_LEN + 1]; /* the last file that was looked at */
};

static void release(struct look *l)
{
	free(l->odd.list);
	free(l->found.list);
	free(l->collected.list);
	evidence_release(&l->v);
}

static void note(struct finds *f, const char *ulid, const uint8_t *digest)
{
	struct find *find;

	if (f->n == FINDS_MAX)
		return;
	f->list = xgrow(f->list, f->n, sizeof(*f->list));
	find = &f->list[f->n++];
	*find = (struct find){.differs = digest};
	memcpy(find->ulid, ulid, sizeof(find->ulid));
	if (digest)
		memcpy(find->digest, digest, DIGEST_SIZE);
}

static bool has(const struct finds *f, const struct find *of)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->list[i].ulid, of->ulid) == 0 &&
		    f->list[i].differs == of->differs &&
		    memcmp(f->list[i].digest, of->digest, DIGEST_SIZE) == 0)
			return true;
	return false;
}

/* So many can be missing that a second list begins with others. */
static bool has_missing(const struct finds *f, const char *ulid)
{
	struct find of = {.differs = false};

	memcpy(of.ulid, ulid, sizeof(of.ulid));
	return has(f, &of);
}

/* --- what the ledger says --------------------------------------------------
 */

static const char *ulid_of(const struct judged *j)
{
	switch (j->entry.kind) {
	case ENTRY_KEPT:
		return j->entry.kept.ulid;
	case ENTRY_GONE:
		return j->entry.gone.ulid;
	case ENTRY_COLLECTED:
		return j->entry.collected.ulid;
	case ENTRY_MISSING:
		return j->entry.missing.ulid;
	case ENTRY_DIFFERS:
		return j->entry.differs.ulid;
	case ENTRY_BACK:
		return j->entry.change.as;
	default:
		return NULL;
	}
}

/* Whoever writes spools could put all into one part: that one is given up. */
static bool is_of_slice(struct look *l, const struct judged *j)
{
	const char *ulid = ulid_of(j);
	uint8_t packed[ULID_PACKED_SIZE];

	if (!ulid || l->slice->parts < 2)
		return true;
	l->too_many = l->too_many || l->v.n > PART_ENTRIES;
	ulid_pack(ulid, packed);
	return !l->too_many &&
	       ulid_hash(packed, 0) % l->slice->parts == l->slice->left - 1;
}

static void note_collected(struct look *l, const struct entry_collected *c)
{
	const struct evidence_message *m = evidence_message(&l->v, c->ulid);

	if (m->sealed != EVIDENCE_NONE && m->head != num_load64(c->sha256))
		note(&l->collected, c->ulid, c->sha256);
}

static void take(void *arg, const struct judged *j)
{
	struct look *l = arg;

	if (!is_of_slice(l, j))
		return;
	evidence_take(&l->v, j);
	if (j->verdict == JUDGE_COUNTS && j->entry.kind == ENTRY_COLLECTED)
		note_collected(l, &j->entry.collected);
}

static struct evidence_message *find(const struct look *l, const char *ulid)
{
	uint8_t packed[ULID_PACKED_SIZE];

	ulid_pack(ulid, packed);
	return evidence_find(&l->v, packed);
}

/* --- what the mailbox says -------------------------------------------------
 */

/*
 * What an administrator has brought back is known by its former name, which may
 * be of another part.
 */
static void note_fault(void *arg, enum presence_fault fault, const char *ulid,
		       UNUSED uint64_t entry)
{
	struct look *l = arg;
	const struct evidence_message *m = find(l, ulid);

	if (fault != PRESENCE_MISSING || m->sealed == EVIDENCE_NONE)
		return;
	if (m->named == NAMED_MISSING)
		l->still++;
	else if (!l->before || has_missing(l->before, ulid))
		note(&l->found, ulid, NULL);
}

static void note_odd(void *arg, const char *ulid)
{
	struct look *l = arg;

	if (!find(l, ulid)->named_differs)
		note(&l->odd, ulid, NULL);
}

/* One that cannot be read holds nothing up: who put it there would like that.
 */
static int compare_one(struct look *l, const struct presence *p,
		       const struct ledger *lines, const char *ulid,
		       uint8_t digest_r[DIGEST_SIZE])
{
	struct err e;
	int other = presence_compare(p, &l->v, lines, ulid, digest_r, &e);

	if (other < 0)
		log_warn("ledger %s: message %s was not compared: %s",
			 l->book->name, ulid, e.text);
	return other > 0;
}

/* A size that tells is a suspicion; the digest is what counts. */
static void compare(struct look *l, const struct presence *p,
		    const struct ledger *lines, const struct finds *of)
{
	for (size_t i = 0; i < of->n; i++) {
		const struct find *f = &of->list[i];
		struct evidence_message *m = find(l, f->ulid);
		uint8_t digest[DIGEST_SIZE];
		int other;

		if (m->named_differs)
			continue;
		other = compare_one(l, p, lines, f->ulid, digest);
		if (!other && !f->differs)
			continue;
		note(&l->found, f->ulid, other ? digest : f->digest);
		m->named_differs = 1;
	}
}

/* What was entered before may have been put right: asked once a day. */
static void compare_named(struct look *l, const struct presence *p,
			  const struct ledger *lines)
{
	for (size_t i = 0; i < l->v.size; i++) {
		const struct evidence_message *m = &l->v.slots[i];
		uint8_t digest[DIGEST_SIZE];
		char ulid[ULID_LEN + 1];
		int other = 1;

		if (!m->used || !m->named_differs)
			continue;
		ulid_unpack(m->ulid, ulid);
		if (!m->differs)
			other = compare_one(l, p, lines, ulid, digest);
		l->differing += (unsigned)other;
	}
}

static int compare_all(struct look *l, const struct presence *p, struct err *e)
{
	struct ledger lines;

	if (ledger_open(l->book->dir, &lines, e) < 0)
		return -1;
	presence_odd_sizes(p, &l->v, l->after, FILES, note_odd, l);
	if (!l->before && !l->slice->after[0])
		compare_named(l, p, &lines);
	compare(l, p, &lines, &l->collected);
	compare(l, p, &lines, &l->odd);
	ledger_close(&lines);
	return 0;
}

/* Of half a part nothing can be said. */
static int give_up(struct look *l)
{
	l->after[0] = '\0';
	return 0;
}

/* The mailbox, the ledger, the mailbox again. */
static int look_once(struct look *l, struct mailbox *m, struct err *e)
{
	struct presence *p = presence_begin(m, e);
	struct presence_report report;
	int result = -1;

	if (!p)
		return -1;
	memcpy(l->after, l->slice->after, sizeof(l->after));
	if (judge_all(l->book->dir, true, take, l, e) == 0)
		result = l->too_many ? give_up(l)
				     : presence_end(p, &l->v, note_fault, l,
						    &report, e);
	if (result == 0 && !l->too_many)
		result = compare_all(l, p, e);
	presence_free(&p);
	return result;
}

/* --- what was found --------------------------------------------------------
 */

static int enter(struct book *b, const struct find *f, struct err *e)
{
	struct entry entry = {.kind = ENTRY_MISSING,
			      .missing = {.by = "found", .when = b->now}};

	if (!f->differs) {
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
static int enter_found(struct book *b, const struct look *l,
		       const struct finds *before, uint64_t n_r[2],
		       struct err *e)
{
	for (size_t i = 0; i < l->found.n; i++) {
		const struct find *f = &l->found.list[i];

		if (!has(before, f))
			continue;
		if (enter(b, f, e) < 0)
			return -1;
		n_r[f->differs]++;
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
		      const struct look *before, uint64_t n_r[2], struct err *e)
{
	struct look l = {
		.book = b, .slice = before->slice, .before = &before->found};
	int result = look_once(&l, m, e);

	if (result == 0 && is_still_there(r, b->name))
		result = enter_found(b, &l, &before->found, n_r, e);
	release(&l);
	return result;
}

/* --- slices ----------------------------------------------------------------
 */

/* What is missing was looked for in the first slice of a part as a whole. */
static void count(struct memory_look *m, const struct look *l,
		  const uint64_t n[2])
{
	if (!m->after[0]) {
		m->missing += l->still;
		m->differs += l->differing;
	}
	m->missing += n[false];
	m->differs += n[true];
}

static void go_on(struct memory_look *m, const struct look *l)
{
	memcpy(m->after, l->after, sizeof(m->after));
	if (!m->after[0])
		m->left--;
}

static int look_at_slice(struct sequence_run *r, struct book *b,
			 struct mailbox *m, uint64_t n_r[2], struct err *e)
{
	struct memory_look *slice = &b->memory.look;
	struct look l = {.book = b, .slice = slice};
	int result = look_once(&l, m, e);

	if (result == 0 && l.found.n)
		result = look_again(r, b, m, &l, n_r, e);
	if (l.too_many)
		log_warn("ledger %s: too many messages of one kind: not all "
			 "were looked for (restante ledger verify)",
			 b->name);
	if (result == 0) {
		count(slice, &l, n_r);
		go_on(slice, &l);
	}
	release(&l);
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
		.at = now, .parts = 1 + m->tree.size / PART_ENTRIES};
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

int look_mailbox(struct sequence_run *r, struct book *b, const char *id,
		 struct err *e)
{
	uint64_t n[2] = {0};
	struct mailbox *m;
	int result;

	if (!is_due(&b->memory, r->now) || clock_ms() >= r->look_until ||
	    b->memory.tree.size > (uint64_t)PARTS_MAX * PART_ENTRIES)
		return 0;
	m = mailbox_look_into(r->store, id, e);
	if (!m)
		return -1;
	fault_point("look.begun");
	begin(&b->memory, r->now);
	result = look_at_slice(r, b, m, n, e);
	mailbox_close(&m);
	return result == 0 ? finish(b, n, e) : -1;
}
