/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the ledger for what it knows, and the mailbox for the rest. */
#include "common/base.h"
#include "handlers/ledger/untold.h"

#include "handlers/ledger/ulids.h"
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
	struct ulids known;
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
	ulids_add(&f->known,
		  entry.kind == ENTRY_KEPT ? entry.kept.ulid : entry.change.as);
	return true;
}

static bool knows(void *arg, const char *ulid)
{
	struct finding *f = arg;

	return ulids_has(&f->known, ulid);
}

static int enter_found(void *arg, const struct entry *kept, struct err *e)
{
	struct finding *f = arg;

	return book_add_entry(f->book, kept, e);
}

int untold_messages(struct book *b, const struct sequence_run *r,
		    const char *id, struct err *e)
{
	struct finding f = {.book = b};
	const struct taking_finder finder = {
		.despite_tickets = b->memory.stage == MEMORY_ACCOUNTING,
		.knows = knows,
		.each = enter_found,
		.arg = &f};
	struct ledger l;
	int result = -1;

	if (strcmp(b->memory.boot, r->boot) == 0)
		return 0;
	if (book_commit(b, e) < 0 || ledger_open(b->dir, &l, e) < 0)
		return -1;
	if (ledger_each(&l, note_known, &f, e) >= 0)
		result = taking_found(r->store, id, &finder, e);
	ledger_close(&l);
	ulids_release(&f.known);
	snprintf(b->memory.boot, sizeof(b->memory.boot), "%s", r->boot);
	return result;
}
