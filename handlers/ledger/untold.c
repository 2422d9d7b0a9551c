/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the ledger for what it knows, and the mailbox for the rest. */
#include "common/base.h"
#include "handlers/ledger/untold.h"

#include "store/ledger/judge_all.h"
#include "store/ledger/reader.h"
#include "store/taking.h"

int untold_key(struct book *b, const struct mailbox_conf *conf, struct err *e)
{
	struct entry entry = book_found(b, ENTRY_KEY, "found");
	struct entry_change *c = &entry.change;

	if (!conf->session_key[0] ||
	    memory_has_key(&b->memory, conf->session_key))
		return 0;
	snprintf(c->session_key, sizeof(c->session_key), "%s",
		 conf->session_key);
	memory_add_key(&b->memory, conf->session_key);
	return book_add_entry(b, &entry, e);
}

struct finding {
	struct book *book;
	struct taking_known *there;
	bool first; /* nothing of before was looked at; no ledger was before */
};

static bool note_known(void *arg, UNUSED uint64_t i, UNUSED uint64_t at,
		       const char *text, size_t n)
{
	struct finding *f = arg;
	struct entry entry;

	if (n <= 5 ||
	    (memcmp(text, "kept ", 5) != 0 && memcmp(text, "back ", 5) != 0) ||
	    !entry_parse(text, n, &entry))
		return true;
	taking_know(f->there, entry.kind == ENTRY_KEPT ? entry.kept.ulid
						       : entry.change.as);
	return true;
}

/* As evidence has it: proved, or not provable, or a full disk's claim. */
static void note_left(void *arg, const struct judged *j)
{
	struct finding *f = arg;

	if (j->entry.kind == ENTRY_GONE &&
	    (j->verdict == JUDGE_COUNTS || j->verdict == JUDGE_NO_KEY))
		taking_know_left(f->there, j->entry.gone.ulid);
}

/* Undo and hold keep a message for longer than lines are kept. */
static int tell(void *arg, struct taking_known *k, struct err *e)
{
	struct finding *f = arg;
	struct ledger l;
	int64_t n;

	f->there = k;
	if (ledger_open(f->book->dir, &l, e) < 0)
		return -1;
	n = ledger_each(&l, note_known, f, e);
	ledger_close(&l);
	if (n < 0 || !f->first)
		return n < 0 ? -1 : 0;
	return judge_all(f->book->dir, true, note_left, f, e);
}

static int enter_found(void *arg, const struct entry *entry, struct err *e)
{
	struct finding *f = arg;

	return book_add_entry(f->book, entry, e);
}

int untold_messages(struct book *b, const struct sequence_run *r,
		    const char *id, struct err *e)
{
	struct memory *m = &b->memory;
	struct finding f = {.book = b,
			    .first = !m->boot[0] && m->stage == MEMORY_SETTLED};
	const struct taking_finder finder = {
		.despite_tickets = m->stage == MEMORY_ACCOUNTING,
		.first = f.first,
		.tell = tell,
		.each = enter_found,
		.arg = &f};

	if (strcmp(m->boot, r->boot) == 0)
		return 0;
	if (book_commit(b, e) < 0 || taking_found(r->store, id, &finder, e) < 0)
		return -1;
	snprintf(m->boot, sizeof(m->boot), "%s", r->boot);
	return 0;
}
