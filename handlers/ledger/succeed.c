/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one thing that decides is memory, replaced as a whole: before it nothing
 * has happened, behind it every run goes on with what is left.
 */
#include "common/base.h"
#include "handlers/ledger/succeed.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "handlers/ledger/files.h"
#include "handlers/ledger/former.h"
#include "store/fault.h"
#include "store/ledger/check.h"
#include "store/ledger/former_chain.h"
#include "store/ledger/judge_all.h"

/* --- what the host's ledger knows ------------------------------------------
 */

struct search {
	const char *id, *origin;
	struct found {
		bool is_there;
		struct checkpoint c;
	} found, certain; /* before the ledger that is being read */
};

static void note_entry(void *arg, const struct judged *j)
{
	const struct checkpoint *c = &j->entry.checkpoint.checkpoint;
	struct search *s = arg;

	if (j->verdict != JUDGE_COUNTS)
		return;
	if (j->entry.kind == ENTRY_DROPPED &&
	    note_name_is_of(j->entry.succession.before.origin, s->id))
		s->found.is_there = false;
	if (j->entry.kind != ENTRY_CHECKPOINT ||
	    !note_name_is_of(c->origin, s->id) ||
	    (s->origin && strcmp(c->origin, s->origin) != 0))
		return;
	s->found = (struct found){.is_there = true, .c = *c};
}

static void end_host(void *arg, bool is_true)
{
	struct search *s = arg;

	*(is_true ? &s->certain : &s->found) = is_true ? s->found : s->certain;
}

int succeed_host_knows(const struct sequence_run *r, const char *id,
		       const char *origin, struct checkpoint *c_r,
		       struct err *e)
{
	struct search s = {.id = id, .origin = origin};
	const struct former_visitor former = {
		.each = note_entry, .end = end_host, .arg = &s};

	if (!r->host)
		return 0;
	if (book_commit(r->host, e) < 0 ||
	    former_each(r->host->dir, r->place->key.public, &former, e) < 0 ||
	    judge_all(r->host->dir, false, note_entry, &s, e) < 0)
		return -1;
	*c_r = s.found.c;
	return s.found.is_there;
}

/* --- what is known of the one that does not go on --------------------------
 */

struct known {
	bool has_memory, has_note, has_host;
	struct memory memory;
	struct note note;
	struct checkpoint host;
};

static int read_memory(const struct sequence_run *r, const char *name,
		       struct known *k, struct err *e)
{
	k->has_memory = book_memory(r->place, name, &k->memory, e) == 0;
	return k->has_memory || e->kind == ERR_ABSENT || e->kind == ERR_DAMAGED
		       ? 0
		       : -1;
}

static void read_note(const struct sequence_run *r, const char *name,
		      struct known *k)
{
	int dir = openat(r->place->dir, name,
			 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct note_key key;
	struct buf text;
	struct err e;

	if (dir < 0)
		return;
	buf_init(&text, NOTE_MAX);
	k->has_note = check_note(dir, &text, &key, &k->note, &e) == 0;
	buf_release(&text);
	close(dir);
}

static const char *origin_of(const struct known *k)
{
	return k->has_memory ? k->memory.origin
	       : k->has_note ? k->note.checkpoint.origin
			     : NULL;
}

static int know(const struct sequence_run *r, const char *name, struct known *k,
		struct err *e)
{
	int known;

	if (read_memory(r, name, k, e) < 0)
		return -1;
	read_note(r, name, k);
	known = succeed_host_knows(r, name, origin_of(k), &k->host, e);
	k->has_host = known > 0;
	return known < 0 ? -1 : 0;
}

static void take_larger(struct entry_before *b, const struct checkpoint *c)
{
	if (b->origin[0] && strcmp(b->origin, c->origin) != 0)
		return;
	memcpy(b->origin, c->origin, sizeof(b->origin));
	if (c->size < b->size)
		return;
	b->size = c->size;
	memcpy(b->root, c->root, sizeof(b->root));
}

/* The longest that anybody here knows it to have been. */
static void describe(const struct known *k, struct entry_before *b)
{
	struct checkpoint c;

	tree_root(&(struct tree){.size = 0}, b->root);
	if (k->has_memory) {
		memcpy(c.origin, k->memory.origin, sizeof(c.origin));
		c.size = k->memory.tree.size;
		tree_root(&k->memory.tree, c.root);
		take_larger(b, &c);
	}
	if (k->has_note)
		take_larger(b, &k->note.checkpoint);
	if (k->has_host)
		take_larger(b, &k->host);
	if (!b->origin[0])
		memcpy(b->origin, "-", sizeof("-"));
}

static int set_reason(struct entry_before *b, const char *act,
		      const char *reason, struct err *e)
{
	*b = (struct entry_before){.size = 0};
	snprintf(b->act, sizeof(b->act), "%s", act);
	if (snprintf(b->reason, sizeof(b->reason), "%s", reason) <
	    (int)sizeof(b->reason))
		return 0;
	return err_set(e, ERR_CONFIG, "a reason has at most %d octets",
		       ENTRY_REASON_SIZE - 1);
}

/* Behind what was decided there is no way back: the next run finishes it. */
static int check_settled(const struct known *k, const char *name, struct err *e)
{
	if (!k->has_memory || k->memory.stage == MEMORY_SETTLED)
		return 0;
	return err_set(
		e, ERR_BUSY,
		"ledger %s: what was begun with it before is not through "
		"yet: the next run does it",
		name);
}

/* --- another takes its place -----------------------------------------------
 */

/* Sizes tell that it was not cut; its entries, that nobody changed one. */
static int check_content(const struct sequence_run *r, const char *name,
			 const struct known *k, struct err *e)
{
	struct check_known host = {.size = k->host.size,
				   .who = "the host's ledger"};
	struct check c = {.known = &host, .n_known = k->has_host};
	int dir = openat(r->place->dir, name,
			 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result;

	if (dir < 0)
		return err_open(e, "ledger %s", name);
	memcpy(host.root, k->host.root, sizeof(host.root));
	result = check_ledger(dir, &c, e);
	close(dir);
	if (result == 0 && c.fault.file)
		result = err_set(e, ERR_DAMAGED, "ledger %s: %s: %s", name,
				 c.fault.file, c.fault.text);
	return result;
}

/* As whole as memory has it; then nothing of it is left unsigned. */
static int sign_former(struct sequence_run *r, const char *name,
		       const struct known *k, struct err *e)
{
	struct checkpoint c;
	struct book b;
	bool is_new;
	int result;

	result = book_open(&b, r->place, name, e);
	if (result == 0 && b.is_new && k->has_host)
		result = err_set(e, ERR_DAMAGED,
				 "ledger %s: the host's ledger knows %s", name,
				 k->host.origin);
	else if (result == 0 && b.is_new)
		result = err_set(e, ERR_STATE,
				 "ledger %s: there is none yet to be adopted: "
				 "the next run begins one",
				 name);
	if (result == 0)
		result = book_publish(&b, true, r->now, &c, &is_new, e);
	book_close(&b);
	return result;
}

static int end_former(struct sequence_run *r, const char *name,
		      const struct known *k, struct err *e)
{
	/* Brought from elsewhere, and signed there. */
	bool is_brought = !k->has_memory && k->has_note && !k->has_host;
	int result = is_brought ? 0 : sign_former(r, name, k, e);

	if (result == 0)
		result = check_content(r, name, k, e);
	if (result < 0 && e->kind == ERR_DAMAGED) {
		log_error("%s", e->text);
		err_set(e, ERR_STATE,
			"ledger %s is not whole, so it is not adopted: "
			"restante ledger resume %s --reason TEXT",
			name, name);
	}
	return result;
}

/*
 * Who adopts goes on where spools were left. Who resumes takes them from their
 * beginning: what was lost may still stand there.
 */
static void carry_over(const struct known *k, bool adopts, struct memory *m)
{
	if (!k->has_memory)
		return;
	memcpy(m->activity, k->memory.activity, sizeof(m->activity));
	m->activity_octets = k->memory.activity_octets;
	m->hour = k->memory.hour;
	m->n_counts = k->memory.n_counts;
	memcpy(m->counts, k->memory.counts, sizeof(m->counts));
	m->n_keys = k->memory.n_keys;
	memcpy(m->keys, k->memory.keys, sizeof(m->keys));
	if (!adopts)
		return;
	m->n_spools = k->memory.n_spools;
	memcpy(m->spools, k->memory.spools, sizeof(m->spools));
}

/* Of a mailbox that is gone there is nothing to adopt. */
static int check_there(struct sequence_run *r, const char *name, struct err *e)
{
	struct mailbox *m;

	if (strcmp(name, "host") == 0)
		return 0;
	m = mailbox_look_at(r->store, name, e);
	if (!m)
		return -1;
	mailbox_close(&m);
	return 0;
}

/*
 * What will be written must fit, for behind the decision it cannot be refused
 * any more: a long reason full of escapes, and two long origins.
 */
static int check_lines(const struct memory *m, struct err *e)
{
	struct entry first = {.kind = ENTRY_LEDGER,
			      .ledger = {.before = m->before}};
	struct entry told = {.kind = ENTRY_RESUMED,
			     .succession = {.before = m->before}};
	struct buf line;
	bool fits;

	memcpy(first.ledger.origin, m->origin, sizeof(m->origin));
	memcpy(told.succession.to, m->origin, sizeof(m->origin));
	buf_init(&line, LINE_OCTETS_MAX + 1);
	fits = entry_write(&first, &line);
	buf_reset(&line);
	fits = fits && entry_write(&told, &line);
	buf_release(&line);
	return fits ? 0
		    : err_set(e, ERR_CONFIG,
			      "the reason is too long beside the name %s",
			      m->origin);
}

/*
 * What the host's ledger says and has not signed yet, such as that another one
 * was dropped, nobody would believe any more. One that cannot be signed is
 * resumed as it is.
 */
static void sign_host(struct sequence_run *r, const char *name,
		      const struct known *k)
{
	struct err why_not;

	if (k->has_memory && strcmp(name, "host") == 0)
		(void)!sign_former(r, name, k, &why_not);
}

static int succeed(struct sequence_run *r, const char *name, struct known *k,
		   const struct entry_before *why, struct err *e)
{
	bool adopts = strcmp(why->act, "adopt") == 0;
	struct memory *m;
	int result = -1;

	if (check_settled(k, name, e) < 0 ||
	    (adopts &&
	     (check_there(r, name, e) < 0 || end_former(r, name, k, e) < 0)))
		return -1;
	if (!adopts)
		sign_host(r, name, k);
	m = xcalloc(1, sizeof(*m));
	m->stage = MEMORY_MOVING;
	m->before = *why;
	describe(k, &m->before);
	carry_over(k, adopts, m);
	if (book_new_origin(r->place, name, m->origin, e) == 0 &&
	    check_lines(m, e) == 0)
		result = book_remember(r->place, name, m, e);
	free(m);
	fault_point("succeed.decided");
	return result;
}

int succeed_begin(struct sequence_run *r, const char *name, const char *act,
		  const char *reason, struct err *e)
{
	struct known *k = xcalloc(1, sizeof(*k));
	struct entry_before why;
	int result = -1;

	if (set_reason(&why, act, reason, e) == 0 && know(r, name, k, e) == 0)
		result = succeed(r, name, k, &why, e);
	free(k);
	return result;
}

/* --- the host's ledger is told ---------------------------------------------
 */

static int tell_host(struct sequence_run *r, enum entry_kind kind,
		     const struct entry_before *before, const char *to,
		     struct err *e)
{
	struct entry entry = {
		.kind = kind,
		.succession = {.before = *before, .when = r->now}};

	snprintf(entry.succession.to, sizeof(entry.succession.to), "%s", to);
	if (book_add_entry(r->host, &entry, e) < 0)
		return -1;
	return book_commit(r->host, e);
}

int succeed_tell(struct sequence_run *r, struct book *b, struct err *e)
{
	struct memory *m = &b->memory;
	enum entry_kind kind = strcmp(m->before.act, "adopt") == 0
				       ? ENTRY_ADOPTED
				       : ENTRY_RESUMED;

	if (m->stage != MEMORY_TELLING)
		return 0;
	if (tell_host(r, kind, &m->before, m->origin, e) < 0)
		return -1;
	fault_point("succeed.told");
	m->stage = MEMORY_SETTLED;
	return book_commit(b, e);
}

/* --- dropping --------------------------------------------------------------
 */

int drop_finish(struct sequence_run *r, const char *id, const struct memory *m,
		struct err *e)
{
	if (tell_host(r, ENTRY_DROPPED, &m->before, "", e) < 0)
		return -1;
	fault_point("drop.told");
	return former_drop(r->place, id, e);
}

static int check_deleted(struct sequence_run *r, const char *id, struct err *e)
{
	struct mailbox *m = mailbox_look_at(r->store, id, e);

	if (!m)
		return e->kind == ERR_ABSENT ? 0 : -1;
	mailbox_close(&m);
	return err_set(e, ERR_STATE,
		       "mailbox %s is there: its ledger goes only after it was "
		       "deleted",
		       id);
}

static int drop(struct sequence_run *r, const char *id, struct known *k,
		const struct entry_before *why, struct err *e)
{
	struct memory *m;
	int result;

	if (k->has_memory && k->memory.stage == MEMORY_DROPPING)
		return drop_finish(r, id, &k->memory, e);
	if (!k->has_memory && !k->has_note)
		return err_set(e, ERR_ABSENT, "%s has no ledger", id);
	if (check_settled(k, id, e) < 0)
		return -1;
	m = xcalloc(1, sizeof(*m));
	m->stage = MEMORY_DROPPING;
	m->before = *why;
	describe(k, &m->before);
	memcpy(m->origin, m->before.origin, sizeof(m->origin));
	result = book_remember(r->place, id, m, e);
	fault_point("drop.decided");
	if (result == 0)
		result = drop_finish(r, id, m, e);
	free(m);
	return result;
}

int drop_begin(struct sequence_run *r, const char *id, const char *reason,
	       struct err *e)
{
	struct known *k = xcalloc(1, sizeof(*k));
	struct entry_before why;
	int result = -1;

	if (set_reason(&why, "drop", reason, e) == 0 &&
	    check_deleted(r, id, e) == 0 && know(r, id, k, e) == 0)
		result = drop(r, id, k, &why, e);
	free(k);
	return result;
}
