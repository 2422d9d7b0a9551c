/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sequencer: a run over one mailbox, from its spools to its checkpoint. */
#include "common/base.h"
#include "handlers/ledger/sequence.h"

#include "common/log.h"
#include "handlers/ledger/account.h"
#include "handlers/ledger/announced.h"
#include "handlers/ledger/expire.h"
#include "handlers/ledger/first.h"
#include "handlers/ledger/hour.h"
#include "handlers/ledger/look.h"
#include "handlers/ledger/succeed.h"
#include "handlers/ledger/take.h"
#include "handlers/ledger/untold.h"

enum {
	HOUR = 3600,
	LATE = 15 * 60, /* seconds that a spool is held: an alarm */
};

/* --- a run -----------------------------------------------------------------
 */

static int put_down(struct sequence_run *r, struct memory *m,
		    const struct checkpoint *c, struct err *e)
{
	struct entry entry = {.kind = ENTRY_CHECKPOINT,
			      .checkpoint = {.checkpoint = *c, .when = r->now}};

	m->host_size = c->size;
	m->host_when = r->now;
	return book_add_entry(r->host, &entry, e);
}

static bool host_is_due(const struct memory *m, bool at_once, int64_t now)
{
	return at_once || now < m->host_when || now - m->host_when >= HOUR;
}

/*
 * The host's ledger is durable before a mailbox forgets that it owed it a
 * line: the same line twice does no harm.
 */
static int publish(struct sequence *s, bool at_once, struct err *e)
{
	struct memory *m = &s->book->memory;
	struct sequence_run *r = s->run;
	struct checkpoint c;
	bool is_new;

	if (book_publish(s->book, at_once, r->now, &c, &is_new, e) < 0)
		return -1;
	if (m->signed_size == m->host_size ||
	    !host_is_due(m, at_once, r->now) || m->signed_size != m->tree.size)
		return 0;
	c.size = m->tree.size;
	tree_root(&m->tree, c.root);
	memcpy(c.origin, m->origin, sizeof(c.origin));
	if (put_down(r, m, &c, e) < 0 || book_commit(r->host, e) < 0)
		return -1;
	return book_commit(s->book, e);
}

/* A moment is nothing: whoever appends may have to wait for a disk. */
static void note_held(struct sequence *s)
{
	struct memory *m = &s->book->memory;
	int64_t now = s->run->now;

	if (!s->spools.left_out)
		m->held_since = 0;
	else if (!m->held_since || m->held_since > now)
		m->held_since = now;
	if (m->held_since && now - m->held_since > LATE)
		log_error("ledger %s: somebody holds its spools, since more "
			  "than 15 minutes: what stands there is not entered",
			  s->id);
}

/* What lies in the spools of a new ledger is signed with a key of before. */
static int take_mailbox(struct sequence *s, const struct mailbox_conf *conf,
			struct err *e)
{
	note_held(s);
	if (s->book->is_new && untold_key(s->book, conf, e) < 0)
		return -1;
	if (take_spools(s, e) < 0)
		return -1;
	return untold_key(s->book, conf, e);
}

static bool places_differ(const struct memory *a, const struct memory *b)
{
	if (a->n_spools != b->n_spools)
		return true;
	for (size_t i = 0; i < a->n_spools; i++)
		if (a->spools[i].offset != b->spools[i].offset ||
		    strcmp(a->spools[i].name, b->spools[i].name) != 0)
			return true;
	return false;
}

static bool differs(const struct memory *a, const struct memory *b)
{
	return a->octets != b->octets || a->stage != b->stage ||
	       places_differ(a, b) || a->hour != b->hour ||
	       a->held_since != b->held_since || strcmp(a->boot, b->boot) != 0;
}

/*
 * Once in the life of a ledger that takes the place of another; not while a
 * spool is held, for it may say how a message has left.
 */
static int account(struct sequence *s, struct err *e)
{
	struct memory *m = &s->book->memory;

	if (m->stage != MEMORY_ACCOUNTING || s->spools.left_out)
		return 0;
	if (account_former(s->book, s->run, s->id, e) < 0)
		return -1;
	m->stage = MEMORY_TELLING;
	return 0;
}

/*
 * What was taken is signed whatever a look comes to, and what a look has found
 * is told of behind the checkpoint that covers it.
 */
static int publish_and_look(struct sequence *s, struct err *e)
{
	bool may_look = !s->is_other && !s->spools.left_out;
	struct err failure;

	if (publish(s, false, e) < 0)
		return -1;
	if (!may_look || look_mailbox(s->run, s->book, s->id, e) == 0)
		return 0;
	if (e->kind == ERR_DAMAGED && publish(s, true, &failure) < 0)
		*e = failure;
	return -1;
}

static int run_open(struct sequence *s, struct mailbox *m, struct err *e)
{
	struct memory *before = xmalloc(sizeof(*before));
	int result = -1;

	s->conf = mailbox_settings(m);
	memcpy(before, &s->book->memory, sizeof(*before));
	if (taking_spools(m, &s->spools, e) == 0 &&
	    taking_admin(m, &s->admin, e) == 0 &&
	    hour_end(s->book, s->run->now, e) == 0 &&
	    take_mailbox(s, mailbox_settings(m), e) == 0 &&
	    untold_messages(s->book, s->run, s->id, e) == 0 &&
	    account(s, e) == 0) {
		take_forget(s);
		result = differs(before, &s->book->memory)
				 ? book_commit(s->book, e)
				 : 0;
	}
	if (result == 0)
		result = succeed_tell(s->run, s->book, e);
	if (result == 0)
		result = book_tell_places(s->book, e);
	if (result == 0)
		result = announced_ask(s->book, s->conf, e);
	if (result == 0 && !s->is_other)
		result = expire_mailbox(s->run, s->book, m, e);
	if (result == 0)
		result = publish_and_look(s, e);
	taking_release(&s->admin);
	taking_release(&s->spools);
	free(before);
	return result;
}

int sequence_mailbox(struct sequence_run *r, const char *id, struct err *e)
{
	struct book book;
	struct sequence s = {.run = r, .book = &book, .id = id, .err = e};
	struct mailbox *m = mailbox_look_at(r->store, id, e);
	int result;

	if (!m)
		return -1;
	result = book_open(&book, r->place, id, e);
	if (result == 0)
		result = first_check(r, &book, mailbox_settings(m)->created, e);
	else if (book.memory.stage == MEMORY_DROPPING)
		result = drop_finish(r, id, &book.memory, e);
	if (result == 0 && book.memory.stage != MEMORY_DROPPING)
		result = run_open(&s, m, e);
	book_close(&book);
	mailbox_close(&m);
	return result;
}

/* Of the former there is nothing to be held against a mailbox. */
static int end_deleted(struct sequence *s, struct err *e)
{
	const struct entry entry = book_found(s->book, ENTRY_DELETED, "found");
	struct memory *m = &s->book->memory;

	m->closed = true;
	if (hour_enter(s->book, e) < 0 ||
	    book_add_entry(s->book, &entry, e) < 0)
		return -1;
	if (m->stage == MEMORY_ACCOUNTING)
		m->stage = MEMORY_TELLING;
	if (succeed_tell(s->run, s->book, e) < 0 ||
	    announced_forget(s->book, e) < 0)
		return -1;
	return publish(s, true, e);
}

int sequence_deleted(struct sequence_run *r, const char *id, struct err *e)
{
	struct book book;
	struct sequence s = {.run = r, .book = &book, .id = id, .err = e};
	int result = book_open(&book, r->place, id, e);

	if (result == 0)
		result = first_check(r, &book, 0, e);
	if (result == 0 && !book.memory.closed)
		result = end_deleted(&s, e);
	else if (result < 0 && book.memory.stage == MEMORY_DROPPING)
		result = drop_finish(r, id, &book.memory, e);
	book_close(&book);
	return result;
}

/* It has nobody to tell, and nothing lies there that it could account for. */
static int sequence_store(struct sequence *s, struct err *e)
{
	struct memory *m = &s->book->memory;
	bool settles = m->stage != MEMORY_SETTLED;
	int result = take_admin(s, e);

	m->stage = MEMORY_SETTLED;
	if (result == 0 && (s->book->lines.len || settles))
		result = book_commit(s->book, e);
	return result;
}

int sequence_host(struct sequence_run *r, struct err *e)
{
	struct sequence s = {.run = r, .book = r->host, .id = "host", .err = e};
	struct checkpoint c;
	bool is_new;
	int result = taking_store_admin(r->store, &s.admin, e);

	if (result == 0)
		result = sequence_store(&s, e);
	if (result == 0)
		result = book_publish(s.book, r->at_once, r->now, &c, &is_new,
				      e);
	taking_release(&s.admin);
	return result;
}
