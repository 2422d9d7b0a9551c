/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Believes entries that count and nothing else: a session signed with a key in
 * force, ended by QUIT. Entry first, then memory, then the list: killed in
 * between, the next look finds the entry and lists the message without another.
 * Moves nothing itself.
 */
#include "common/base.h"
#include "handlers/ledger/expire.h"

#include <sys/stat.h>

#include <fcntl.h>

#include "common/log.h"
#include "handlers/ledger/files.h"
#include "store/expiry.h"
#include "store/fault.h"
#include "store/ledger/judge_all.h"
#include "store/ledger/reader.h"
#include "store/steady.h"

#define CLOCK_FILE "clock"

enum { DAY = 24 * 3600, HOUR = 3600 };

/* A message that waits, and came early enough. */
struct candidate {
	uint8_t ulid[ULID_PACKED_SIZE];
	int64_t collected; /* 0: nobody has proved it */
	bool entered;	   /* as gone, and it is there still */
};

struct expiry {
	struct candidate *list; /* in the order of ULIDs */
	size_t n;
	int64_t taken; /* when the lines at hand were entered */
};

/* --- the clock -------------------------------------------------------------
 */

static int read_clock(int memory, struct steady *s_r, struct err *e)
{
	struct buf text;
	int result;

	buf_init(&text, 2 * STEADY_SIZE);
	result = files_read(memory, CLOCK_FILE, &text, e);
	if (result < 0 && e->kind == ERR_ABSENT)
		result = 0;
	steady_decode((const uint8_t *)text.data, text.len, s_r);
	buf_release(&text);
	return result;
}

static int write_clock(int memory, const struct steady *s, struct err *e)
{
	uint8_t bytes[STEADY_SIZE];
	struct buf text;
	int result = -1;

	steady_encode(s, bytes);
	buf_init(&text, STEADY_SIZE);
	if (buf_add(&text, bytes, sizeof(bytes)))
		result = files_replace(memory, CLOCK_FILE, 0600, &text, e);
	buf_release(&text);
	return result;
}

/* Once a run. */
static int look_at_clock(struct sequence_run *r, struct err *e)
{
	enum steady_state state;
	struct steady s;

	if (r->clock_seen)
		return 0;
	if (read_clock(r->place->memory, &s, e) < 0)
		return -1;
	state = steady_look(&s, r->now);
	if (state == STEADY_JUMPED)
		log_warn("ledger: the clock has jumped: nothing expires for "
			 "the next %d days",
			 STEADY_DAYS);
	r->clock_seen = true;
	r->clock_steady = state == STEADY;
	return write_clock(r->place->memory, &s, e);
}

/* --- what was collected ----------------------------------------------------
 */

static void add_candidate(void *arg, const uint8_t ulid[ULID_PACKED_SIZE])
{
	struct expiry *x = arg;

	x->list = xgrow(x->list, x->n, sizeof(*x->list));
	x->list[x->n] = (struct candidate){.collected = 0};
	memcpy(x->list[x->n++].ulid, ulid, ULID_PACKED_SIZE);
}

static int by_ulid(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return memcmp(x->ulid, y->ulid, sizeof(x->ulid));
}

static struct candidate *find(const struct expiry *x, const char *ulid)
{
	struct candidate key = {.collected = 0};

	ulid_pack(ulid, key.ulid);
	return bsearch(&key, x->list, x->n, sizeof(key), by_ulid);
}

/*
 * The first time that it was collected, or when the ledger heard of it: the
 * later of the two, for a collector's clock may have been wrong.
 */
static void note_collected(const struct expiry *x,
			   const struct entry_collected *c)
{
	struct candidate *found = c->ended ? find(x, c->ulid) : NULL;

	if (found && !found->collected)
		found->collected = c->when > x->taken ? c->when : x->taken;
}

static void note_gone(const struct expiry *x, const struct judged *j)
{
	struct candidate *found = NULL;

	if (j->source == JUDGE_LEDGER &&
	    strcmp(j->entry.gone.by, "expiry") == 0)
		found = find(x, j->entry.gone.ulid);
	if (found)
		found->entered = true;
}

static void note_entry(void *arg, const struct judged *j)
{
	struct expiry *x = arg;

	if (j->verdict != JUDGE_COUNTS)
		return;
	if (j->entry.kind == ENTRY_TAKEN)
		x->taken = j->entry.taken.when;
	else if (j->entry.kind == ENTRY_COLLECTED)
		note_collected(x, &j->entry.collected);
	else if (j->entry.kind == ENTRY_GONE)
		note_gone(x, j);
}

/* --- what goes -------------------------------------------------------------
 */

static int enter(struct book *b, const struct candidate *c, int64_t now,
		 struct buf *list, struct err *e)
{
	struct entry entry = {.kind = ENTRY_GONE, .gone = {.when = now}};

	ulid_unpack(c->ulid, entry.gone.ulid);
	snprintf(entry.gone.by, sizeof(entry.gone.by), "expiry");
	if (!entry_write(&entry, list))
		return err_set(e, ERR_TEMP, "ledger: a list is too long");
	return c->entered ? 0 : book_add_entry(b, &entry, e);
}

static int write_list(const struct book *b, const struct buf *list,
		      struct err *e)
{
	fault_point("expire.entered");
	if (files_replace(b->dir, EXPIRY_FILE, 0640, list, e) < 0)
		return -1;
	fault_point("expire.listed");
	return 0;
}

static int enter_all(const struct sequence_run *r, struct book *b,
		     const struct expiry *x, int64_t before, struct err *e)
{
	struct buf list;
	size_t n = 0;
	int result = 0;

	buf_init(&list, EXPIRY_OCTETS_MAX);
	for (size_t i = 0; result == 0 && i < x->n && n < EXPIRY_MAX; i++) {
		const struct candidate *c = &x->list[i];

		if (!c->entered && (!c->collected || c->collected > before))
			continue;
		result = enter(b, c, r->now, &list, e);
		n++;
	}
	if (result == 0 && b->lines.len)
		result = book_commit(b, e);
	if (result == 0)
		result = write_list(b, &list, e);
	buf_release(&list);
	return result;
}

static int look(struct sequence_run *r, struct book *b,
		const struct mailbox_conf *conf, struct err *e)
{
	int64_t before = r->now - (int64_t)conf->expire * DAY;
	struct expiry x = {.list = NULL};
	int result = expiry_candidates(r->store, conf->id, before,
				       add_candidate, &x, e);

	if (result == 0 && x.n)
		result = judge_all(b->dir, true, note_entry, &x, e);
	if (result == 0)
		result = enter_all(r, b, &x, before, e);
	free(x.list);
	return result;
}

/* --- from outside ----------------------------------------------------------
 */

/* Where there is none, never. */
static int64_t looked_at(const struct book *b, off_t *size_r)
{
	struct stat st;

	*size_r = 0;
	if (fstatat(b->dir, EXPIRY_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	*size_r = st.st_size;
	return st.st_mtim.tv_sec;
}

static int forget_list(const struct book *b, off_t size, struct err *e)
{
	struct buf none;
	int result;

	if (!size)
		return 0;
	buf_init(&none, 1);
	result = write_list(b, &none, e);
	buf_release(&none);
	return result;
}

int expire_mailbox(struct sequence_run *r, struct book *b,
		   const struct mailbox *m, struct err *e)
{
	const struct mailbox_conf *conf = mailbox_settings(m);
	off_t size;
	int64_t last = looked_at(b, &size);

	if (!conf->expire)
		return forget_list(b, size, e);
	/* Under hold as well: it is no jump when that ends. */
	if (look_at_clock(r, e) < 0)
		return -1;
	if (conf->hold)
		return forget_list(b, size, e);
	if (!r->clock_steady || (last <= r->now && r->now - last < HOUR))
		return 0;
	return look(r, b, conf, e);
}
