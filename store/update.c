/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The end of a collection: what was fetched and what leaves is said in signed
 * batches, made durable, and only then moved to gone/. On a full disk the
 * moving comes first, for it is what frees the disk (docs/store.md).
 */
#include "common/base.h"
#include "store/collection.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include "common/log.h"
#include "store/account.h"
#include "store/fault.h"
#include "store/leaving.h"
#include "store/ledger/entry.h"
#include "store/seal/session_key.h"
#include "store/spool.h"

enum {
	BATCHES_MAX = 32, /* made durable by one fsync */
	LINES_MAX = ENTRY_BATCH_MAX * (LINE_OCTETS_MAX + 1),
	LINES_A_MESSAGE = 2, /* collected, gone */
};

/* Messages of the snapshot, [from, to), and the batches that name them. */
struct group {
	size_t from, to;
	size_t n_leaving;
	struct buf batches[BATCHES_MAX];
	size_t n_batches;
};

struct update {
	struct collection *collection;
	char id[ULID_LEN + 1]; /* of the session */
	bool ended;	       /* by QUIT: what is marked leaves */
	int64_t when;
	size_t removed;
	uint64_t octets;
};

/* --- batches ---------------------------------------------------------------
 */

static bool leaves(const struct update *u, const struct listing_entry *entry)
{
	return u->ended && entry->mark;
}

static bool add_lines(const struct update *u, size_t i, struct buf *lines,
		      unsigned *n_lines)
{
	const struct listing_entry *entry = &u->collection->l.list[i];
	struct entry line;

	if (entry->fetched) {
		line = (struct entry){.kind = ENTRY_COLLECTED};
		ulid_unpack(entry->ulid, line.collected.ulid);
		memcpy(line.collected.sha256, u->collection->digests[i],
		       sizeof(line.collected.sha256));
		line.collected.ended = u->ended;
		line.collected.when = u->when;
		++*n_lines;
		if (!entry_write(&line, lines))
			return false;
	}
	if (!leaves(u, entry))
		return true;
	line = (struct entry){.kind = ENTRY_GONE};
	ulid_unpack(entry->ulid, line.gone.ulid);
	snprintf(line.gone.by, sizeof(line.gone.by), "collector");
	line.gone.when = u->when;
	++*n_lines;
	return entry_write(&line, lines);
}

/* The session's line, signed, and its lines behind it. */
static bool seal_batch(const struct update *u, const struct buf *lines,
		       unsigned n_lines, struct buf *out)
{
	struct entry head = {.kind = ENTRY_SESSION};
	struct entry_session *s = &head.session;
	struct sha256_ctx ctx;
	struct buf signed_part;
	bool good;

	memcpy(s->id, u->id, sizeof(s->id));
	memcpy(s->mailbox, u->collection->mailbox->id, sizeof(s->mailbox));
	s->n = n_lines;
	sha256_init(&ctx);
	sha256_update(&ctx, lines->len, (const uint8_t *)lines->data);
	sha256_digest(&ctx, sizeof(s->sha256), s->sha256);
	buf_init(&signed_part, LINE_OCTETS_MAX);
	good = entry_signed_part(s, &signed_part);
	if (good)
		session_key_sign(&u->collection->private_key, signed_part.data,
				 signed_part.len, s->signature);
	buf_release(&signed_part);
	return good && entry_write(&head, out) &&
	       buf_add(out, lines->data, lines->len);
}

/* One batch, of messages [*at, to) as many as fit. */
static bool make_batch(const struct update *u, size_t *at, size_t to,
		       size_t *n_leaving, struct buf *out)
{
	const struct listing *l = &u->collection->l;
	unsigned n_lines = 0;
	struct buf lines;
	bool good = true;

	buf_init(&lines, LINES_MAX);
	for (; good && *at < to && n_lines + LINES_A_MESSAGE <= ENTRY_BATCH_MAX;
	     (*at)++) {
		*n_leaving += leaves(u, &l->list[*at]);
		good = add_lines(u, *at, &lines, &n_lines);
	}
	buf_init(out, LINES_MAX + LINE_OCTETS_MAX + 1);
	if (good && n_lines)
		good = seal_batch(u, &lines, n_lines, out);
	buf_release(&lines);
	return good;
}

static int make_group(const struct update *u, size_t at, struct group *g,
		      struct err *e)
{
	size_t all = u->collection->l.n;

	*g = (struct group){.from = at};
	while (g->n_batches < BATCHES_MAX && at < all) {
		struct buf *batch = &g->batches[g->n_batches++];

		if (!make_batch(u, &at, all, &g->n_leaving, batch))
			return err_set(e, ERR_TEMP, "a line does not fit");
		if (!batch->len)
			g->n_batches--; /* nothing to say about the rest */
	}
	g->to = at;
	return 0;
}

static void group_release(struct group *g)
{
	for (size_t i = 0; i < g->n_batches; i++)
		buf_release(&g->batches[i]);
	g->n_batches = 0;
}

/* --- moving ----------------------------------------------------------------
 */

/* Does each() with those of [from, to) that leave. */
static int each_leaving(const struct update *u, size_t from, size_t to,
			bool without_line,
			int (*each)(const struct mailbox *m,
				    const struct listing_entry *entry,
				    bool without_line, struct err *e),
			struct err *e)
{
	const struct listing *l = &u->collection->l;

	for (size_t i = from; i < to; i++)
		if (leaves(u, &l->list[i]) &&
		    each(u->collection->mailbox, &l->list[i], without_line, e) <
			    0)
			return -1;
	return 0;
}

static int confirm(const struct mailbox *m, const struct listing_entry *entry,
		   bool without_line UNUSED, struct err *e)
{
	return leaving_confirm(m, entry, e);
}

/*
 * What has moved is cut, so that there is room for more names. Both directories
 * are synced before: a cut file must never be listed again. With a line the one
 * that could not be moved is cut, too: it is carried through for certain.
 */
static int make_room(const struct update *u, const struct group *g, size_t to,
		     bool without_line, struct err *e)
{
	if (leaving_sync(u->collection->mailbox, e) < 0)
		return -1;
	return each_leaving(u, g->from, without_line ? to : to + 1,
			    without_line, leaving_cut, e);
}

static int move_all(const struct update *u, const struct group *g,
		    bool without_line, struct err *e)
{
	const struct listing *l = &u->collection->l;
	const struct mailbox *m = u->collection->mailbox;

	for (size_t i = g->from; i < g->to; i++) {
		if (!leaves(u, &l->list[i]) ||
		    leaving_move(m, &l->list[i], without_line, e) == 0)
			continue;
		if (e->kind != ERR_FULL ||
		    make_room(u, g, i, without_line, e) < 0 ||
		    leaving_move(m, &l->list[i], without_line, e) < 0)
			return -1;
	}
	return 0;
}

static int append(const struct update *u, const struct group *g, struct err *e)
{
	if (!g->n_batches)
		return 0;
	return spool_append(u->collection->mailbox, g->batches, g->n_batches,
			    g->n_leaving > 0, e);
}

static size_t first_leaving(const struct update *u, const struct group *g)
{
	size_t i = g->from;

	while (!leaves(u, &u->collection->l.list[i]))
		i++;
	return i;
}

static void count_one(struct update *u, const struct listing_entry *entry)
{
	u->removed++;
	u->octets += entry->octets;
}

/*
 * Not one name fits into gone/ either. The lines of one message go into the
 * room that a spool keeps for them; then it is cut where it lies, which makes
 * room for the rest. 1: the group is to be made anew, without it.
 */
static int leave_one(struct update *u, size_t i, struct err *e)
{
	struct listing_entry *entry = &u->collection->l.list[i];
	const struct mailbox *m = u->collection->mailbox;
	size_t at = i, n_leaving = 0;
	struct buf batch;
	int result;

	result = make_batch(u, &at, i + 1, &n_leaving, &batch)
			 ? spool_append_in_room(m, &batch, e)
			 : err_set(e, ERR_TEMP, "a line does not fit");
	buf_release(&batch);
	if (result < 0)
		return -1;
	fault_point("update.said-one");
	if (leaving_sync(m, e) < 0 || leaving_move_said(m, entry, e) < 0)
		return -1;
	count_one(u, entry);
	entry->mark = entry->fetched = 0; /* said */
	return 1;
}

/*
 * No room for the lines. What leaves goes to gone/ under a mark that says so,
 * and is cut. Where there is no room even then, it stays as it is: cut, marked,
 * and the answer says that not all of it was done.
 */
static int leave_full_disk(struct update *u, const struct group *g,
			   struct err *e)
{
	size_t first = first_leaving(u, g);

	log_warn("%s; making room first", e->text);
	if (leaving_move(u->collection->mailbox, &u->collection->l.list[first],
			 true, e) < 0)
		return e->kind == ERR_FULL ? leave_one(u, first, e) : -1;
	if (move_all(u, g, true, e) < 0 ||
	    make_room(u, g, g->to, true, e) < 0 || append(u, g, e) < 0)
		return -1;
	return each_leaving(u, g->from, g->to, true, confirm, e);
}

static int leave(struct update *u, const struct group *g, struct err *e)
{
	if (append(u, g, e) < 0)
		return e->kind == ERR_FULL && g->n_leaving &&
				       !mailbox_is_on_hold(
					       u->collection->mailbox)
			       ? leave_full_disk(u, g, e)
			       : -1;
	fault_point("update.said");
	return move_all(u, g, false, e);
}

/* --- the whole -------------------------------------------------------------
 */

static void count_left(struct update *u, const struct group *g)
{
	const struct listing *l = &u->collection->l;

	for (size_t i = g->from; i < g->to; i++)
		if (leaves(u, &l->list[i]))
			count_one(u, &l->list[i]);
}

static int run_groups(struct update *u, struct err *e)
{
	struct group *g = xcalloc(1, sizeof(*g));
	int result = 0;

	for (size_t at = 0; result >= 0 && at < u->collection->l.n;) {
		result = make_group(u, at, g, e);
		if (result == 0)
			result = leave(u, g, e);
		if (result == 0) {
			count_left(u, g);
			at = g->to;
		}
		group_release(g);
	}
	free(g);
	return result < 0 ? -1 : 0;
}

static void count(struct counters *c, const void *arg)
{
	const struct update *u = arg;

	counters_remove(c, u->removed, u->octets);
	c->last_collected = u->when;
}

static void put_down(struct update *u, const struct activity *activity)
{
	struct mailbox *m = u->collection->mailbox;
	struct err e;

	if (u->ended && account_count(m, count, u, &e) < 0)
		log_info("%s; the counters follow later", e.text);
	if (activity && mailbox_account(m, activity, &e) < 0)
		log_info("%s", e.text);
}

static void begin(struct update *u, struct collection *c,
		  const struct activity *activity, bool ended)
{
	*u = (struct update){
		.collection = c,
		.ended = ended,
		.when = activity ? activity->when : time(NULL),
	};
	ulid_new(u->id);
}

/*
 * tmp/ as well: what a proxy has dropped there, for it was a second copy of
 * what leaves, is not to come back in a power cut and be kept for one left
 * behind.
 */
static int sync_all(const struct mailbox *m, struct err *e)
{
	if (fsync(m->tmp) < 0)
		return err_sys(e, "mailbox %s: fsync tmp", m->id);
	return leaving_sync(m, e);
}

int collection_update(struct collection *c, size_t *removed_r,
		      const struct activity *activity, struct err *e)
{
	struct err syncing;
	struct update u;
	int result;

	begin(&u, c, activity, true);
	result = run_groups(&u, e);
	fault_point("collection.moved");
	if (sync_all(c->mailbox, &syncing) < 0 && result == 0) {
		*e = syncing;
		result = -1;
	}
	put_down(&u, activity);
	*removed_r = u.removed;
	return result < 0 ? err_prefix(e, "deleting") : 0;
}

int collection_hung_up(struct collection *c, const struct activity *activity,
		       struct err *e)
{
	struct update u;
	int result;

	begin(&u, c, activity, false);
	result = run_groups(&u, e);
	put_down(&u, activity);
	return result;
}
