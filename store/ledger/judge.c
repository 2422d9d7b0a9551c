/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goes through entries and judges each. Keeps one session, and no other line.
 */
#include "common/base.h"
#include "store/ledger/judge.h"

#include <assert.h>

#include <nettle/eddsa.h>
#include <nettle/sha2.h>

#include "common/log.h"
#include "common/num.h"

enum {
	KEYS_MAX = 64, /* of one mailbox since its last reset */
	SESSION_KEY_SIZE = ENTRY_SESSION_KEY_LEN / 2,
	/* A session's lines, each with its LF. */
	HELD_MAX = (ENTRY_BATCH_MAX + 1) * (LINE_OCTETS_MAX + 1),
};

/* A session whose lines are still coming. */
struct held {
	uint64_t i, at;
	enum judge_source source;
	unsigned wanted, n; /* lines behind it */
	size_t lengths[ENTRY_BATCH_MAX + 1];
	struct buf lines; /* that of the session first */
};

struct judge {
	void (*each)(void *arg, const struct judged *j);
	void *arg;
	char origin[NOTE_NAME_MAX + 1];
	enum judge_source source;
	uint64_t left; /* lines that are still of that source */
	size_t n_keys;
	char keys[KEYS_MAX][ENTRY_SESSION_KEY_LEN + 1];
	struct held held;
	bool passes_by;
};

struct judge *judge_new(void (*each)(void *arg, const struct judged *j),
			void *arg)
{
	struct judge *j = xcalloc(1, sizeof(*j));

	j->each = each;
	j->arg = arg;
	buf_init(&j->held.lines, HELD_MAX);
	return j;
}

void judge_free(struct judge **j)
{
	if (!*j)
		return;
	buf_release(&(*j)->held.lines);
	free(*j);
	*j = NULL;
}

void judge_look(struct judge *j, bool look)
{
	j->passes_by = !look;
}

const char *judge_origin(const struct judge *j)
{
	return j->origin;
}

/* --- who may say what ------------------------------------------------------
 */

enum { BY_LEDGER = 1, BY_ADMIN = 2, BY_SPOOL = 4, IN_SESSION = 8 };

static const unsigned sayers[] = {
	[ENTRY_OTHER] = BY_LEDGER | BY_ADMIN,
	[ENTRY_KEPT] = BY_LEDGER | BY_SPOOL,
	[ENTRY_SESSION] = BY_SPOOL,
	[ENTRY_COLLECTED] = IN_SESSION,
	[ENTRY_GONE] = BY_LEDGER | BY_SPOOL | IN_SESSION,
	[ENTRY_ACTIVITY] = 0,
	[ENTRY_LEDGER] = BY_LEDGER,
	[ENTRY_TAKEN] = BY_LEDGER,
	[ENTRY_SESSIONS] = BY_LEDGER,
	[ENTRY_CHECKPOINT] = BY_LEDGER,
	[ENTRY_SETTINGS] = BY_LEDGER | BY_ADMIN,
	[ENTRY_RECIPIENTS] = BY_LEDGER | BY_ADMIN,
	[ENTRY_KEY] = BY_LEDGER | BY_ADMIN,
	[ENTRY_DELETED] = BY_LEDGER | BY_ADMIN,
	[ENTRY_BACK] = BY_ADMIN,
	[ENTRY_ADMINISTRATORS] = BY_ADMIN,
	[ENTRY_MISSING] = BY_LEDGER,
	[ENTRY_DIFFERS] = BY_LEDGER,
	[ENTRY_ADOPTED] = BY_LEDGER,
	[ENTRY_RESUMED] = BY_LEDGER,
	[ENTRY_DROPPED] = BY_LEDGER,
	[ENTRY_REFUSED] = BY_LEDGER,
	[ENTRY_ANNOUNCED] = 0,
};

static_assert(N_ELEMENTS(sayers) == ENTRY_ANNOUNCED + 1,
	      "who may say an entry of each kind");

static unsigned sayer_of(const struct judged *j)
{
	if (j->in_session)
		return IN_SESSION;
	return j->source == JUDGE_LEDGER  ? BY_LEDGER
	       : j->source == JUDGE_ADMIN ? BY_ADMIN
					  : BY_SPOOL;
}

/* A collector's word is good in a session alone, a full disk's outside. */
static bool gone_fits(const struct judged *j)
{
	const char *by = j->entry.gone.by;

	if (j->in_session)
		return strcmp(by, "collector") == 0;
	if (j->source == JUDGE_SPOOL)
		return strcmp(by, "full") == 0;
	return strcmp(by, "collector") != 0;
}

/* That a message was found is the ledger's to say, and its writer's no less. */
static bool kept_fits(const struct judged *j)
{
	bool found = strcmp(j->entry.kept.by, "found") == 0;

	return found == (j->source == JUDGE_LEDGER);
}

static bool may_say(const struct judged *j)
{
	enum entry_kind kind = j->entry.kind;

	if (!(sayers[kind] & sayer_of(j)) || (kind == ENTRY_LEDGER) != !j->i)
		return false;
	if (kind == ENTRY_GONE)
		return gone_fits(j);
	return kind != ENTRY_KEPT || kept_fits(j);
}

/* --- keys ------------------------------------------------------------------
 */

bool judge_is_signed_with(const struct entry_session *s, const char *key)
{
	uint8_t public[SESSION_KEY_SIZE];
	struct buf part;
	bool good;

	buf_init(&part, LINE_OCTETS_MAX + 1);
	good = strlen(key) == ENTRY_SESSION_KEY_LEN &&
	       num_parse_hex(key, ENTRY_SESSION_KEY_LEN, public,
			     sizeof(public)) &&
	       entry_signed_part(s, &part) &&
	       ed25519_sha512_verify(public, part.len,
				     (const uint8_t *)part.data,
				     s->signature) == 1;
	buf_release(&part);
	return good;
}

static bool knows_key(const struct judge *j, const char *session_key)
{
	for (size_t i = 0; i < j->n_keys; i++)
		if (strcmp(j->keys[i], session_key) == 0)
			return true;
	return false;
}

/*
 * After a rekey the old key's holder is the same person; after a reset it is
 * nobody's word. The oldest goes where there are too many: each change of a
 * password names the key again, and is to push out none.
 */
static void learn_key(struct judge *j, const struct entry_change *c)
{
	if (!c->session_key[0])
		return;
	if (strcmp(c->what, "reset") == 0)
		j->n_keys = 0;
	if (knows_key(j, c->session_key))
		return;
	if (j->n_keys == KEYS_MAX)
		memmove(j->keys[0], j->keys[1],
			--j->n_keys * sizeof(j->keys[0]));
	memcpy(j->keys[j->n_keys++], c->session_key, sizeof(j->keys[0]));
}

static bool has_digest(const struct held *h, const struct entry_session *s)
{
	size_t before = h->lengths[0] + 1;
	uint8_t digest[DIGEST_SIZE];
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, h->lines.len - before,
		      (const uint8_t *)h->lines.data + before);
	sha256_digest(&ctx, sizeof(digest), digest);
	return memcmp(digest, s->sha256, sizeof(digest)) == 0;
}

static enum judge_verdict prove(const struct judge *j,
				const struct entry_session *s)
{
	/* A session of another mailbox proves nothing here. */
	if (j->held.n < j->held.wanted ||
	    !note_name_is_of(j->origin, s->mailbox) || !has_digest(&j->held, s))
		return JUDGE_UNPROVED;
	for (size_t i = j->n_keys; i-- > 0;)
		if (judge_is_signed_with(s, j->keys[i]))
			return JUDGE_COUNTS;
	return j->n_keys ? JUDGE_UNPROVED : JUDGE_NO_KEY;
}

/* --- one entry -------------------------------------------------------------
 */

static void begin(struct judged *d, uint64_t i, uint64_t at, const char *text,
		  size_t n)
{
	d->i = i;
	d->at = at;
	d->text = text;
	d->n = n;
	d->in_session = false;
	d->verdict = JUDGE_COUNTS;
	if (!entry_parse(text, n, &d->entry)) {
		d->entry.kind = ENTRY_OTHER;
		d->verdict = JUDGE_NO_ENTRY;
	}
}

static void judge_one(struct judged *d)
{
	if (d->verdict == JUDGE_COUNTS && !may_say(d))
		d->verdict = JUDGE_NOT_THEIRS;
}

static void act_on(struct judge *j, const struct judged *d)
{
	const struct entry_taken *t = &d->entry.taken;

	if (d->verdict != JUDGE_COUNTS)
		return;
	if (d->entry.kind == ENTRY_LEDGER)
		memcpy(j->origin, d->entry.ledger.origin, sizeof(j->origin));
	if (d->entry.kind == ENTRY_KEY)
		learn_key(j, &d->entry.change);
	if (d->entry.kind != ENTRY_TAKEN)
		return;
	j->left = t->lines;
	j->source =
		strncmp(t->spool, "admin.", 6) == 0 ? JUDGE_ADMIN : JUDGE_SPOOL;
}

/* --- sessions --------------------------------------------------------------
 */

static void hold(struct judge *j, const char *text, size_t n)
{
	struct held *h = &j->held;

	if (!buf_add(&h->lines, text, n) || !buf_adds(&h->lines, "\n"))
		die_bug("judge: a line of %zu octets", n);
	h->lengths[h->n] = n;
}

static void tell_session(struct judge *j, struct judged *d)
{
	struct held *h = &j->held;
	enum judge_verdict proved = JUDGE_UNPROVED;
	const char *text = h->lines.data;
	uint64_t at = h->at;

	d->source = h->source;
	for (unsigned k = 0; k <= h->n; k++) {
		begin(d, h->i + k, at, text, h->lengths[k]);
		d->in_session = k > 0;
		judge_one(d);
		if (k == 0 && d->verdict == JUDGE_COUNTS)
			proved = prove(j, &d->entry.session);
		if (d->verdict == JUDGE_COUNTS)
			d->verdict = proved;
		j->each(j->arg, d);
		text += h->lengths[k] + 1;
		at += h->lengths[k] + 1;
	}
	buf_reset(&h->lines);
	h->wanted = h->n = 0;
}

static void begin_session(struct judge *j, const struct judged *d)
{
	struct held *h = &j->held;

	h->i = d->i;
	h->at = d->at;
	h->source = d->source;
	h->n = 0;
	h->wanted = d->entry.session.n;
	hold(j, d->text, d->n);
}

/* --- from outside ----------------------------------------------------------
 */

static bool is_session(const struct judged *d)
{
	return d->verdict == JUDGE_COUNTS && d->entry.kind == ENTRY_SESSION &&
	       d->entry.session.n > 0;
}

void judge_line(struct judge *j, uint64_t i, uint64_t at, const char *text,
		size_t n)
{
	bool is_own = j->left == 0;
	struct judged d;

	if (is_own && j->held.wanted)
		tell_session(j, &d); /* what it was taken from ends before it */
	j->left -= !is_own;
	if (!is_own && j->passes_by && j->source == JUDGE_SPOOL)
		return;
	if (j->held.wanted) {
		j->held.n++;
		hold(j, text, n);
		if (j->held.n == j->held.wanted)
			tell_session(j, &d);
		return;
	}
	d.source = is_own ? JUDGE_LEDGER : j->source;
	begin(&d, i, at, text, n);
	if (is_session(&d)) {
		begin_session(j, &d);
		return;
	}
	judge_one(&d);
	act_on(j, &d);
	j->each(j->arg, &d);
}

void judge_end(struct judge *j)
{
	struct judged d;

	if (j->held.wanted)
		tell_session(j, &d);
}
