/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One walk through `entries`, the other two files beside it. Below the size of
 * the checkpoint nothing may differ. What lies beyond it is not signed, and may
 * be being written, or be what a power cut has left: it is judged as far as its
 * lines are whole, and nothing in it is a fault.
 */
#include "common/base.h"
#include "store/ledger/check.h"

#include <inttypes.h>

#include "common/log.h"
#include "common/num.h"

enum { PROGRESS_EVERY = 1 << 16 };

/* --- faults ----------------------------------------------------------------
 */

static void add_fault(struct check *c, const char *file, uint64_t entry,
		      uint64_t at, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* The first one stays. */
static void add_fault(struct check *c, const char *file, uint64_t entry,
		      uint64_t at, const char *fmt, ...)
{
	va_list ap;

	if (c->fault.file)
		return;
	c->fault.file = file;
	c->fault.entry = entry;
	c->fault.at = at;
	va_start(ap, fmt);
	vsnprintf(c->fault.text, sizeof(c->fault.text), fmt, ap);
	va_end(ap);
}

/* --- checkpoint and key ----------------------------------------------------
 */

int check_key(int dir, struct note_key *k_r, struct err *e)
{
	struct buf text;
	int result;

	buf_init(&text, NOTE_MAX);
	result = ledger_small(dir, "vkey", &text, e);
	if (result == 0 && !note_key_parse(text.data, text.len, k_r))
		result = err_set(e, ERR_DAMAGED, "vkey: no public key");
	buf_release(&text);
	return result;
}

int check_note(int dir, struct buf *text, struct note_key *k_r,
	       struct note *note_r, struct err *e)
{
	if (ledger_small(dir, "checkpoint", text, e) < 0)
		return -1;
	if (check_key(dir, k_r, e) < 0)
		return e->kind == ERR_ABSENT
			       ? err_set(e, ERR_DAMAGED,
					 "vkey: the key is not there")
			       : -1;
	if (!note_open(text->data, text->len, k_r, note_r))
		return err_set(e, ERR_DAMAGED,
			       "checkpoint: not signed with the key in vkey");
	return 0;
}

/* Read before everything else: what is signed then lies there already. */
static int take_note(int dir, struct check *c, struct err *e)
{
	struct note note = {.text = 0};
	struct buf text;
	int result;

	buf_init(&text, NOTE_MAX);
	result = check_note(dir, &text, &c->key, &note, e);
	buf_release(&text);
	if (result == 0)
		c->checkpoint = note.checkpoint;
	else if (e->kind == ERR_DAMAGED)
		add_fault(c,
			  strncmp(e->text, "vkey", 4) ? "checkpoint" : "vkey",
			  CHECK_NOWHERE, CHECK_NOWHERE, "%s", e->text);
	else if (e->kind != ERR_ABSENT)
		return -1;
	return 0;
}

/* "NAME/mbx-…/<ULID>" has one NAME and one key on a host. */
static bool is_of_host(const struct note_key *k, const struct note_key *host)
{
	const char *end = strstr(host->name, "/host/");
	size_t n = end ? (size_t)(end - host->name) + 1 : 0;

	return memcmp(k->public, host->public, sizeof(k->public)) == 0 &&
	       strncmp(k->name, host->name, n) == 0;
}

static void compare_host(struct check *c)
{
	if (c->host && c->checkpoint.size && !is_of_host(&c->key, c->host))
		add_fault(c, "vkey", CHECK_NOWHERE, CHECK_NOWHERE,
			  "vkey: another key, or another name, than that of "
			  "the host's ledger");
}

/* --- the walk --------------------------------------------------------------
 */

/* The other two files, a tile at a time. */
struct beside {
	uint64_t first; /* the entry that they begin with */
	size_t n;
	uint8_t hashes[TREE_TILE][DIGEST_SIZE];
	uint8_t offsets[TREE_TILE][LEDGER_OFFSET_SIZE];
};

struct walk {
	struct check *c;
	const struct ledger *l;
	struct judge *judge;
	struct tree tree;
	struct beside beside;
	size_t next_known;
	struct err *e;
	bool failed;
};

static void tell(void *arg, const struct judged *j)
{
	struct walk *w = arg;

	if (w->c->each)
		w->c->each(w->c->arg, j);
}

/* False: it failed, or the two have no entry i. */
static bool load_beside(struct walk *w, uint64_t i)
{
	struct beside *b = &w->beside;
	uint64_t left = w->l->size - i;

	if (i >= b->first && i < b->first + b->n)
		return true;
	if (i >= w->l->size)
		return false;
	b->first = i;
	b->n = left < TREE_TILE ? (size_t)left : TREE_TILE;
	w->failed = ledger_hashes(w->l, i, b->n, b->hashes[0], w->e) < 0 ||
		    ledger_offsets(w->l, i, b->n, b->offsets[0], w->e) < 0;
	return !w->failed;
}

static void compare_beside(struct walk *w, uint64_t i, uint64_t at,
			   const uint8_t leaf[DIGEST_SIZE])
{
	struct beside *b = &w->beside;
	size_t k;

	if (w->c->fault.file || !load_beside(w, i))
		return;
	k = (size_t)(i - b->first);
	if (memcmp(b->hashes[k], leaf, DIGEST_SIZE) != 0)
		add_fault(w->c, "entries", i, at,
			  "the entry is not the one that tiles has the hash "
			  "of");
	else if (num_load64(b->offsets[k]) != at)
		add_fault(w->c, "offsets", i, i * LEDGER_OFFSET_SIZE,
			  "offsets says that the entry begins elsewhere");
}

/* All trees of that size that somebody knows; a fault is looked at later. */
static void compare_known(struct walk *w)
{
	struct check *c = w->c;
	uint8_t root[DIGEST_SIZE];

	if (w->next_known == c->n_known ||
	    c->known[w->next_known].size != w->tree.size)
		return;
	tree_root(&w->tree, root);
	for (; w->next_known < c->n_known &&
	       c->known[w->next_known].size == w->tree.size;
	     w->next_known++) {
		struct check_known *k = &c->known[w->next_known];

		k->holds = memcmp(k->root, root, sizeof(root)) == 0;
	}
}

static void walk_signed(struct walk *w, uint64_t i, uint64_t at,
			const char *text, size_t n)
{
	uint8_t leaf[DIGEST_SIZE];

	if (w->c->progress && i % PROGRESS_EVERY == 0)
		w->c->progress(i, w->c->checkpoint.size);
	tree_leaf(text, n, leaf);
	tree_add(&w->tree, leaf);
	compare_beside(w, i, at, leaf);
	compare_known(w);
}

static bool walk_entry(void *arg, uint64_t i, uint64_t at, const char *text,
		       size_t n)
{
	struct walk *w = arg;

	if (i < w->c->checkpoint.size)
		walk_signed(w, i, at, text, n);
	else
		w->c->unsigned_entries++;
	if (w->c->each || i == 0)
		judge_line(w->judge, i, at, text, n);
	return !w->failed;
}

/* --- what it leads to ------------------------------------------------------
 */

static bool leads_to_checkpoint(const struct walk *w)
{
	uint8_t root[DIGEST_SIZE];

	tree_root(&w->tree, root);
	return w->tree.size == w->c->checkpoint.size &&
	       memcmp(root, w->c->checkpoint.root, sizeof(root)) == 0;
}

/*
 * The entries lead to what was signed, so they are the true ones, and the file
 * beside them was changed.
 */
static void blame_beside(struct check *c)
{
	struct check_fault *f = &c->fault;

	if (!f->file || strcmp(f->file, "entries") != 0)
		return;
	f->file = "tiles";
	f->at = f->entry * DIGEST_SIZE;
	snprintf(f->text, sizeof(f->text),
		 "tiles has another hash than the entry's, which is the one "
		 "that was signed");
}

/* Both files were changed: between two trees that somebody knows. */
static void bracket(struct walk *w)
{
	struct check *c = w->c;
	uint64_t from = 0, to = c->checkpoint.size;

	for (size_t i = 0; i < c->n_known; i++) {
		const struct check_known *k = &c->known[i];

		if (k->holds && k->size > from)
			from = k->size;
		if (!k->holds && k->size < to && k->size > from)
			to = k->size;
	}
	add_fault(c, "entries", from, CHECK_NOWHERE,
		  "the entries do not lead to what was signed: one of %" PRIu64
		  " to %" PRIu64 " was changed, and its hash in tiles with it",
		  from, to - 1);
}

static void judge_sizes(struct walk *w)
{
	struct check *c = w->c;
	uint64_t size = c->checkpoint.size, n = w->tree.size;

	if (n < size)
		add_fault(c, "entries", n, CHECK_NOWHERE,
			  "%" PRIu64 " entries were signed, and there are "
			  "%" PRIu64,
			  size, n);
	if (w->l->offsets_size / LEDGER_OFFSET_SIZE < size)
		add_fault(c, "offsets", w->l->offsets_size / LEDGER_OFFSET_SIZE,
			  w->l->offsets_size, "offsets ends too early");
	if (w->l->tiles_size / DIGEST_SIZE < size)
		add_fault(c, "tiles", w->l->tiles_size / DIGEST_SIZE,
			  w->l->tiles_size, "tiles ends too early");
}

/* Trees of others: each must be one that this ledger has been. */
static void judge_known(struct check *c)
{
	for (size_t i = 0; i < c->n_known; i++) {
		const struct check_known *k = &c->known[i];

		if (k->size > c->checkpoint.size)
			add_fault(c, "checkpoint", c->checkpoint.size,
				  CHECK_NOWHERE,
				  "%s knows %" PRIu64 " signed entries, and "
				  "here are %" PRIu64
				  ": an older ledger was put back",
				  k->who, k->size, c->checkpoint.size);
		else if (k->size && !k->holds)
			add_fault(c, "entries", CHECK_NOWHERE, CHECK_NOWHERE,
				  "the first %" PRIu64 " entries are not those "
				  "that %s knows",
				  k->size, k->who);
	}
}

static void judge_walk(struct walk *w)
{
	struct check *c = w->c;
	const char *origin = judge_origin(w->judge);

	if (leads_to_checkpoint(w))
		blame_beside(c);
	judge_sizes(w);
	if (c->checkpoint.size && !leads_to_checkpoint(w))
		bracket(w);
	judge_known(c);
	if (c->checkpoint.size && strcmp(origin, c->checkpoint.origin) != 0)
		add_fault(c, "entries", 0, 0,
			  "the first entry says another origin than the "
			  "checkpoint");
}

/* --- all of it -------------------------------------------------------------
 */

static int by_size(const void *a, const void *b)
{
	const struct check_known *x = a, *y = b;

	return x->size < y->size ? -1 : x->size > y->size;
}

static int walk_ledger(struct walk *w, struct err *e)
{
	struct check *c = w->c;
	int result = 0;

	w->judge = judge_new(tell, w);
	if (ledger_each(w->l, walk_entry, w, e) < 0 || w->failed)
		result = -1;
	judge_end(w->judge);
	if (result == 0)
		judge_walk(w);
	judge_free(&w->judge);
	if (c->progress)
		c->progress(c->checkpoint.size, c->checkpoint.size);
	return result;
}

void check_against(struct check *c, const struct checkpoint *known,
		   const char *who)
{
	struct check_known *k;

	c->known = xgrow(c->known, c->n_known, sizeof(*c->known));
	k = &c->known[c->n_known++];
	*k = (struct check_known){.size = known->size, .who = who};
	memcpy(k->root, known->root, sizeof(k->root));
}

int check_ledger(int dir, struct check *c, struct err *e)
{
	struct walk *w;
	struct ledger l;
	int result;

	c->fault.file = NULL;
	c->checkpoint.size = c->unsigned_entries = 0;
	if (take_note(dir, c, e) < 0)
		return -1;
	compare_host(c);
	if (ledger_open(dir, &l, e) < 0) {
		if (e->kind != ERR_ABSENT && e->kind != ERR_DAMAGED)
			return -1;
		add_fault(c, "entries", CHECK_NOWHERE, CHECK_NOWHERE, "%s",
			  e->text);
		return 0;
	}
	if (c->n_known)
		qsort(c->known, c->n_known, sizeof(*c->known), by_size);
	w = xcalloc(1, sizeof(*w));
	w->c = c;
	w->l = &l;
	w->e = e;
	result = walk_ledger(w, e);
	free(w);
	ledger_close(&l);
	return result;
}
