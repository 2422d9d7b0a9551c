/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Goes by what the former ledger says as far as it is there, and by what lies
 * in the mailbox. Names and removes nothing else.
 */
#include "common/base.h"
#include "handlers/ledger/account.h"

#include <unistd.h>

#include "common/random_id.h"
#include "handlers/ledger/former.h"
#include "store/ledger/check.h"
#include "store/ledger/former_chain.h"
#include "store/presence.h"

enum { PARTS_MAX = 256 };

/*
 * One part of all messages after the other: an adoption may go on where there
 * is little memory, and what handlers have claimed came is anything.
 */
struct account {
	struct book *book;
	uint64_t key, parts, part;
	struct evidence former, own;
	struct evidence one;	 /* what had left, by one of before, at hand */
	struct evidence earlier; /* by any of them */
	struct ledger lines;	 /* of its own entries */
	bool all_there; /* of the former's entries, as many as are known of */
	struct err *err;
	bool failed;
};

/* --- what both ledgers say -------------------------------------------------
 */

static bool is_of_part(const struct account *a, const struct judged *j)
{
	return evidence_is_of_part(j, a->key, a->parts, a->part);
}

static void take_own(void *arg, const struct judged *j)
{
	struct account *a = arg;

	if (is_of_part(a, j))
		evidence_take(&a->own, j);
}

static void take_former(void *arg, const struct judged *j)
{
	struct account *a = arg;

	if (is_of_part(a, j))
		evidence_take(&a->former, j);
}

static int read_own(struct account *a, struct err *e)
{
	struct check c = {.each = take_own, .arg = a};

	return check_ledger(a->book->dir, &c, e);
}

static bool is_all_there(const struct check *c, uint64_t size)
{
	return !c->fault.file &&
	       c->checkpoint.size + c->unsigned_entries >= size;
}

/* A former one of which nothing is there says nothing. */
static int read_former(struct account *a, struct err *e)
{
	const struct memory *m = &a->book->memory;
	int dir = former_open(a->book->dir, m, e), result;
	struct check c = {.each = take_former, .arg = a};

	if (dir < 0)
		return e->kind == ERR_ABSENT ? 0 : -1;
	result = check_ledger(dir, &c, e);
	a->all_there = result == 0 && is_all_there(&c, m->before.size);
	close(dir);
	return result;
}

/* Of what both others know: nobody asks for the rest. */
static void take_earlier(void *arg, const struct judged *j)
{
	const char *ulid = j->entry.gone.ulid;
	struct account *a = arg;

	if (j->entry.kind == ENTRY_GONE && is_of_part(a, j) &&
	    (evidence_named(&a->former, ulid) || evidence_named(&a->own, ulid)))
		evidence_take(&a->one, j);
}

static void end_earlier(void *arg, bool is_true)
{
	struct account *a = arg;
	char ulid[ULID_LEN + 1];

	for (size_t i = 0; is_true && i < a->one.size; i++) {
		const struct evidence_message *m = &a->one.slots[i];

		if (!m->used || !m->gone)
			continue;
		ulid_unpack(m->ulid, ulid);
		evidence_message(&a->earlier, ulid)->gone = m->gone;
	}
	evidence_release(&a->one);
}

/*
 * One that was killed before it had accounted for what came before it says less
 * than that did.
 */
static int read_earlier(struct account *a, struct err *e)
{
	const struct former_visitor v = {
		.each = take_earlier, .end = end_earlier, .arg = a};

	return former_each(a->book->dir, a->book->place->key.public, &v, e);
}

/* --- what is not there -----------------------------------------------------
 */

static void add(struct account *a, const struct entry *entry)
{
	if (!a->failed && book_add_entry(a->book, entry, a->err) < 0)
		a->failed = true;
}

static void name_missing(struct account *a, const char *ulid)
{
	struct entry entry = {.kind = ENTRY_MISSING,
			      .missing = {.when = a->book->now}};

	memcpy(entry.missing.ulid, ulid, sizeof(entry.missing.ulid));
	snprintf(entry.missing.by, sizeof(entry.missing.by), "%s",
		 a->book->memory.before.act);
	add(a, &entry);
}

static void name_gone(struct account *a, const char *ulid)
{
	struct entry entry = {.kind = ENTRY_GONE,
			      .gone = {.when = a->book->now, .by = "former"}};

	memcpy(entry.gone.ulid, ulid, sizeof(entry.gone.ulid));
	add(a, &entry);
}

/*
 * v says that it is there. What an administrator has brought back, it knows by
 * its former name, which may be of another part.
 */
static void name_absent(struct account *a, const struct evidence *v,
			const char *ulid)
{
	const struct evidence_message *earlier =
		evidence_named(&a->earlier, ulid);

	if (earlier && earlier->gone)
		name_gone(a, ulid);
	else if (a->parts < 2 ||
		 evidence_named(v, ulid)->sealed != EVIDENCE_NONE)
		name_missing(a, ulid);
}

/* The former says that it is there; a spool that was taken says it has left. */
static void note_former(void *arg, enum presence_fault fault, const char *ulid,
			UNUSED uint64_t entry)
{
	struct account *a = arg;
	const struct evidence_message *own = evidence_named(&a->own, ulid);

	if (fault == PRESENCE_MISSING && !(own && own->gone))
		name_absent(a, &a->former, ulid);
}

/*
 * A spool says that it came; how it left may stand in one that went long ago,
 * and in the former ledger.
 */
static void note_own(void *arg, enum presence_fault fault, const char *ulid,
		     UNUSED uint64_t entry)
{
	struct account *a = arg;
	const struct evidence_message *former =
		evidence_named(&a->former, ulid);

	if (fault != PRESENCE_MISSING)
		return;
	if (former && former->gone)
		name_gone(a, ulid);
	else if (!former || former->entry == EVIDENCE_NONE)
		name_absent(a, &a->own, ulid);
}

/* --- what is another file --------------------------------------------------
 */

static int name_differs(struct account *a, const struct evidence_message *own,
			struct err *e)
{
	struct entry kept, entry = {.kind = ENTRY_DIFFERS,
				    .differs = {.when = a->book->now}};
	struct buf line;
	int result;

	buf_init(&line, LINE_OCTETS_MAX);
	result = ledger_line(&a->lines, own->sealed, &line, e);
	if (result == 0 && entry_parse(line.data, line.len, &kept) &&
	    kept.kind == ENTRY_KEPT) {
		memcpy(entry.differs.ulid, kept.kept.ulid,
		       sizeof(entry.differs.ulid));
		memcpy(entry.differs.sha256, kept.kept.sha256, DIGEST_SIZE);
		snprintf(entry.differs.by, sizeof(entry.differs.by), "%s",
			 a->book->memory.before.act);
		result = book_add_entry(a->book, &entry, e);
	}
	buf_release(&line);
	return result;
}

/* Hashed just now, and received with another digest. */
static int compare_digests(struct account *a, struct err *e)
{
	for (size_t i = 0; i < a->own.size; i++) {
		const struct evidence_message *own = &a->own.slots[i], *was;

		if (!own->used || !own->found)
			continue;
		was = evidence_find(&a->former, own->ulid);
		if (was && was->sealed != EVIDENCE_NONE &&
		    was->head != own->head && name_differs(a, own, e) < 0)
			return -1;
	}
	return 0;
}

/* --- what has left, and is still there -------------------------------------
 */

/* All that the former was says that it is there. */
static bool is_denied(const struct account *a,
		      const struct evidence_message *own)
{
	const struct evidence_message *was =
		evidence_find(&a->former, own->ulid);

	return a->all_there && was && was->entry != EVIDENCE_NONE && !was->gone;
}

/*
 * It lies in gone/ for as long as it can be brought back; then it goes, and who
 * took it stands in the former ledger alone, or in what that one lacks. What
 * only comes back from there lies under another name. It may have gone since it
 * was found there, in a run that was killed, or be about to: then a spool may
 * still tell who took it, but of what was taken from it before nobody will.
 */
static bool has_left_before(const struct account *a,
			    const struct evidence_message *own)
{
	const struct evidence_message *was =
		evidence_find(&a->former, own->ulid);

	if (own->left)
		return !is_denied(a, own);
	if (own->state == PRESENCE_GONE_UNTOLD)
		return false; /* named already */
	if (own->state == PRESENCE_WAITS)
		return was && was->gone && own->told >= GONE_UNPROVED;
	return (was && was->gone) || own->told;
}

static void name_left(struct account *a)
{
	char ulid[ULID_LEN + 1];

	for (size_t i = 0; i < a->own.size; i++) {
		const struct evidence_message *own = &a->own.slots[i];

		if (!own->used || own->entry == EVIDENCE_NONE || own->gone ||
		    !has_left_before(a, own))
			continue;
		ulid_unpack(own->ulid, ulid);
		name_gone(a, ulid);
	}
}

/* --- all of it -------------------------------------------------------------
 */

static void release(struct account *a)
{
	evidence_release(&a->former);
	evidence_release(&a->earlier);
	evidence_release(&a->one);
	evidence_release(&a->own);
}

static int compare_part(struct account *a, struct presence *p, struct err *e)
{
	struct presence_report report;
	int result = -1;

	if (read_former(a, e) == 0 && read_own(a, e) == 0 &&
	    read_earlier(a, e) == 0 &&
	    presence_end(p, &a->former, note_former, a, &report, e) == 0)
		result = presence_end(p, &a->own, note_own, a, &report, e);
	if (result == 0)
		result = compare_digests(a, e);
	if (result == 0)
		name_left(a);
	release(a);
	return a->failed ? -1 : result;
}

/* As many as the longer one of the two needs. Nobody can know the key. */
static void divide(struct account *a)
{
	uint64_t before = a->book->memory.before.size, own = a->lines.size;

	random_bytes(&a->key, sizeof(a->key));
	a->parts = 1 + (before > own ? before : own) / EVIDENCE_PART_ENTRIES;
	if (a->parts > PARTS_MAX)
		a->parts = PARTS_MAX;
}

static int compare(struct account *a, struct mailbox *m, struct err *e)
{
	struct presence *p = presence_begin(m, e);
	int result = p ? 0 : -1;

	divide(a);
	for (; result == 0 && a->part < a->parts; a->part++)
		result = compare_part(a, p, e);
	presence_free(&p);
	return result;
}

int account_former(struct book *b, const struct sequence_run *r, const char *id,
		   struct err *e)
{
	struct account a = {.book = b, .err = e};
	struct mailbox *m;
	int result = -1;

	if (book_commit(b, e) < 0 || ledger_open(b->dir, &a.lines, e) < 0)
		return -1;
	m = mailbox_look_into(r->store, id, e);
	if (m)
		result = compare(&a, m, e);
	mailbox_close(&m);
	ledger_close(&a.lines);
	return result;
}
