/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Taking. Lines that are taken are durable already (store/taking.h); a spool's
 * place in memory moves together with the lines, so that each of them is
 * entered once, whatever was killed when.
 */
#include "common/base.h"
#include "handlers/ledger/take.h"

#include "common/log.h"
#include "common/read_all.h"
#include "handlers/ledger/activity.h"
#include "handlers/ledger/announced.h"
#include "handlers/ledger/spool_place.h"
#include "store/ledger/judge.h"
#include "store/ledger/reason.h"

enum { BLOCK = 512 * 1024 }; /* of a spool; a batch fits */

/* --- lines of a block ------------------------------------------------------
 */

static void keep(struct sequence *s, const char *text, size_t n)
{
	if (!buf_add(&s->lines, text, n) || !buf_adds(&s->lines, "\n"))
		die_bug("a block of a spool has more in it than it is long");
	s->n_lines++;
}

/* What a handler may say outside of a batch: no more than that. */
static bool is_a_handlers(const struct entry *entry)
{
	return entry->kind == ENTRY_KEPT ||
	       (entry->kind == ENTRY_GONE &&
		strcmp(entry->gone.by, "full") == 0);
}

/* Counted by the hour in the ledger, kept beside it as it is. */
static void take_session(struct sequence *s, const struct entry_activity *a,
			 const char *text, size_t n)
{
	struct memory *m = &s->book->memory;

	memory_count(m, false, a->program, a->outcome);
	if (a->reason[0])
		memory_count(m, true, a->program, reason_word(a->reason));
	if (!s->failed && activity_add(s->book, text, n, s->err) < 0)
		s->failed = true;
}

/* Nothing of it is among the lines; the key stands in front of them. */
static void take_announced(struct sequence *s, const struct entry_announced *a)
{
	int failed = 0;

	if (++s->n_announced > ANNOUNCED_MAX || s->failed ||
	    !announced_take(s->book, s->conf, a, &failed, s->err))
		s->passed_over++;
	s->failed = s->failed || failed < 0;
}

static void take_line(void *arg, const char *text, size_t n)
{
	struct sequence *s = arg;
	struct entry entry;

	if (n == 0)
		return; /* the LF that ended a torn one */
	if (!entry_parse(text, n, &entry))
		s->passed_over++;
	else if (entry.kind == ENTRY_ACTIVITY)
		take_session(s, &entry.activity, text, n);
	else if (entry.kind == ENTRY_ANNOUNCED)
		take_announced(s, &entry.announced);
	else if (is_a_handlers(&entry))
		keep(s, text, n);
	else
		s->passed_over++;
}

static bool is_a_collectors(const struct spool_batch *b)
{
	const char *at = b->lines, *end = at + b->n_octets, *text;
	struct entry entry;
	size_t n;

	while (spool_next_line(&at, end, &text, &n))
		if (!entry_parse(text, n, &entry) ||
		    (entry.kind != ENTRY_COLLECTED && entry.kind != ENTRY_GONE))
			return false;
	return true;
}

static bool is_signed(const struct sequence *s, const struct entry_session *b)
{
	const struct memory *m = &s->book->memory;

	for (size_t i = m->n_keys; i-- > 0;)
		if (judge_is_signed_with(b, m->keys[i]))
			return true;
	return false;
}

static bool has_more(const struct sequence *s, const struct taking_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->list[i].size >
		    memory_offset(&s->book->memory, l->list[i].name))
			return true;
	return false;
}

/*
 * A signature that no key fits which the ledger knows may be that of one which
 * an administrator has named since: then their lines come first.
 */
static void learn_keys(struct sequence *s, const struct entry_session *b)
{
	if (s->admin_taken || !has_more(s, &s->admin) || is_signed(s, b))
		return;
	s->failed = take_admin(s, s->err) < 0;
}

static void take_batch(void *arg, const struct spool_batch *b)
{
	struct sequence *s = arg;
	const char *at = b->lines, *end = at + b->n_octets, *text;
	const struct entry entry = {.kind = ENTRY_SESSION,
				    .session = *b->session};
	struct buf line;
	size_t n;

	if (strcmp(b->session->mailbox, s->id) != 0 || !is_a_collectors(b)) {
		s->passed_over += b->session->n + 1;
		return;
	}
	learn_keys(s, b->session);
	buf_init(&line, LINE_OCTETS_MAX + 1);
	if (!entry_write(&entry, &line))
		die_bug("a session line that was read does not fit");
	keep(s, line.data, line.len - 1);
	buf_release(&line);
	while (spool_next_line(&at, end, &text, &n))
		keep(s, text, n);
}

/* --- lines of administrators -----------------------------------------------
 */

static bool is_a_change(const struct entry *entry)
{
	return entry->kind == ENTRY_SETTINGS ||
	       entry->kind == ENTRY_RECIPIENTS || entry->kind == ENTRY_KEY ||
	       entry->kind == ENTRY_DELETED || entry->kind == ENTRY_BACK ||
	       entry->kind == ENTRY_ADMINISTRATORS;
}

/*
 * After a rekey the old key still opens what it sealed, and its holder is the
 * same; after a reset it is nobody's word.
 */
static void note_key(struct memory *m, const struct entry_change *c)
{
	if (!c->session_key[0])
		return;
	if (strcmp(c->what, "reset") == 0)
		m->n_keys = 0;
	memory_add_key(m, c->session_key);
}

static void take_admin_line(void *arg, const char *text, size_t n)
{
	struct sequence *s = arg;
	struct entry entry;

	if (n == 0)
		return;
	if (!entry_parse(text, n, &entry) || !is_a_change(&entry)) {
		s->passed_over++;
		return;
	}
	if (entry.kind == ENTRY_KEY)
		note_key(&s->book->memory, &entry.change);
	keep(s, text, n);
}

/* --- blocks ----------------------------------------------------------------
 */

static void begin_block(struct sequence *s)
{
	buf_init(&s->lines, 2 * (size_t)BLOCK);
	s->n_lines = s->passed_over = 0;
}

/* Where they came from, then they themselves; the place moves with them. */
static int enter_block(struct sequence *s, const struct taking_spool *t,
		       uint64_t from, uint64_t to, struct err *e)
{
	const char *at = s->lines.data, *end, *text;
	struct entry taken = {.kind = ENTRY_TAKEN,
			      .taken = {.from = from,
					.to = to,
					.lines = s->n_lines,
					.passed_over = s->passed_over,
					.when = s->run->now}};
	size_t n;

	if (spool_place_set(&s->book->memory, t, to, e) < 0)
		return err_prefix(e, "ledger %s", s->id);
	snprintf(taken.taken.spool, sizeof(taken.taken.spool), "%s", t->name);
	if (!s->n_lines && !s->passed_over)
		return 0;
	if (book_add_entry(s->book, &taken, e) < 0)
		return -1;
	for (end = at + s->lines.len; spool_next_line(&at, end, &text, &n);)
		if (book_add(s->book, text, n, e) < 0)
			return -1;
	return 0;
}

/* Returns how far it was read; -1: it was not. A lone long line is passed. */
static int64_t read_block(struct sequence *s, const struct taking_spool *t,
			  uint64_t from, const struct spool_visitor *v,
			  bool ends, struct err *e)
{
	uint64_t left = t->size - from;
	size_t want = left < BLOCK ? (size_t)left : BLOCK, used;
	char *block = xmalloc(want);
	ssize_t got = read_up_to_at(t->fd, block, want, from);

	if (got < 0) {
		free(block);
		return err_sys(e, "ledger %s: spool %s", s->id, t->name);
	}
	used = spool_parse(block, (size_t)got, ends && (uint64_t)got == left,
			   v);
	free(block);
	if (!used && got == BLOCK) {
		s->passed_over++;
		used = (size_t)got;
	}
	return (int64_t)used;
}

/*
 * Of another spool under the same name nothing is taken: the store was restored
 * from a backup, and its ledger was not. One that takes the place of another
 * begins with it anew. 0: it is to be left alone.
 */
static int begin_spool(struct sequence *s, const struct taking_spool *t,
		       uint64_t *from_r, struct err *e)
{
	struct memory *m = &s->book->memory;
	int fits = spool_place_fits(m, t, e);

	*from_r = memory_offset(m, t->name);
	if (fits != 0)
		return fits;
	if (m->stage == MEMORY_ACCOUNTING) {
		*from_r = 0;
		return spool_place_set(m, t, 0, e) < 0 ? -1 : 1;
	}
	log_error("ledger %s: spool %s is %s. Was the store restored, and its "
		  "ledger not? (restante ledger adopt)",
		  s->id, t->name,
		  *from_r > t->size ? "shorter than what was taken from it"
				    : "not the one that was taken from");
	memory_spool(m, t->name)->is_other = true;
	s->is_other = true;
	return 0;
}

/* ends: a torn line at the end is one for good. */
static int take_spool(struct sequence *s, const struct taking_spool *t,
		      const struct spool_visitor *v, bool ends, struct err *e)
{
	uint64_t from;
	int begun = begin_spool(s, t, &from, e);

	if (begun <= 0)
		return begun;
	while (from < t->size) {
		int64_t used;
		int result;

		begin_block(s);
		used = read_block(s, t, from, v, ends, e);
		result = used < 0 || s->failed
				 ? -1
				 : enter_block(s, t, from,
					       from + (uint64_t)used, e);
		buf_release(&s->lines);
		if (result < 0)
			return -1;
		if (used == 0)
			break;
		from += (uint64_t)used;
	}
	return 0;
}

/* The block at hand waits while administrators' lines come before it. */
int take_admin(struct sequence *s, struct err *e)
{
	struct sequence inner = *s;
	const struct spool_visitor v = {.line = take_admin_line, .arg = &inner};
	int result = 0;

	s->admin_taken = true;
	inner.admin_taken = true;
	inner.failed = false;
	for (size_t i = 0; result == 0 && i < s->admin.n; i++) {
		struct taking_spool *t = &s->admin.list[i];

		result = take_spool(&inner, t, &v, t->full, e);
	}
	s->is_other = s->is_other || inner.is_other;
	return result;
}

int take_spools(struct sequence *s, struct err *e)
{
	const struct spool_visitor v = {
		.line = take_line, .batch = take_batch, .arg = s};

	for (size_t i = 0; i < s->spools.n; i++) {
		const struct taking_spool *t = &s->spools.list[i];
		uint64_t from = memory_offset(&s->book->memory, t->name);

		if (take_spool(s, t, &v, true, e) < 0)
			return -1;
		/* What was caught up with is not done twice. */
		if (t->full && from < t->size && book_commit(s->book, e) < 0)
			return -1;
	}
	return s->admin_taken ? 0 : take_admin(s, e);
}

/* --- what memory no longer needs -------------------------------------------
 */

static bool is_in(const struct taking_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->list[i].name, name) == 0)
			return true;
	return false;
}

/*
 * Names in spool/ were synced before they were listed, and no number is given
 * twice: what is not there never comes back. Of admin.spool all stay.
 */
void take_forget(struct sequence *s)
{
	struct memory *m = &s->book->memory;
	size_t kept = 0;

	for (size_t i = 0; !s->spools.left_out && i < m->n_spools; i++) {
		const char *name = m->spools[i].name;

		if (is_in(&s->spools, name) || is_in(&s->admin, name))
			m->spools[kept++] = m->spools[i];
	}
	if (!s->spools.left_out)
		m->n_spools = kept;
}
