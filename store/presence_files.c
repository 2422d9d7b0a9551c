/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads what lies there, as much of it as tells whether it is what it was. */
#include "common/base.h"
#include "store/presence_private.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>

#include "common/log.h"
#include "store/seal/age.h"
#include "store/file_digest.h"

/* --- content ---------------------------------------------------------------
 */

struct content {
	const struct presence *p;
	const struct evidence *v;
	const struct ledger *l;
	void (*each)(void *arg, enum presence_fault fault, const char *ulid,
		     uint64_t entry);
	void (*progress)(uint64_t done, uint64_t all);
	void *arg;
	uint64_t done, hashed;
};

/* The digest that was signed. False: no entry has one. */
static bool signed_digest(const struct content *c,
			  const struct evidence_message *m,
			  uint8_t digest_r[DIGEST_SIZE])
{
	struct entry entry;
	struct buf line;
	struct err e;
	bool good;

	buf_init(&line, LINE_OCTETS_MAX);
	good = m && m->sealed != EVIDENCE_NONE &&
	       ledger_line(c->l, m->sealed, &line, &e) == 0 &&
	       entry_parse(line.data, line.len, &entry) &&
	       entry.kind == ENTRY_KEPT;
	if (good)
		memcpy(digest_r, entry.kept.sha256, DIGEST_SIZE);
	buf_release(&line);
	return good;
}

static bool has_left(const struct evidence *v, const struct listing_entry *at)
{
	const struct evidence_message *m = evidence_find(v, at->ulid);

	return m && (m->gone || m->told);
}

/* On a full disk, behind the line that says it has left, wherever it lies. */
static bool is_cut(const struct evidence *v, const struct listing_entry *at,
		   bool in_gone, const struct stat *st)
{
	return st->st_size == 0 && (in_gone || has_left(v, at));
}

/*
 * 1: it is another file, by its first `most` octets; 0: it is not, or has left,
 * or nobody knows.
 */
static int compare_one(struct content *c, const struct listing_entry *at,
		       bool in_gone, uint64_t most, uint8_t is_r[DIGEST_SIZE],
		       struct err *e)
{
	const struct evidence_message *m = evidence_find(c->v, at->ulid);
	int dir = in_gone ? c->p->mailbox->gone : c->p->mailbox->cur;
	uint8_t was[DIGEST_SIZE];
	char text[NAME_SIZE];
	struct stat st;

	listing_file_name(at, in_gone, text);
	if (!signed_digest(c, m, was) ||
	    (fstatat(dir, text, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	     is_cut(c->v, at, in_gone, &st)))
		return 0;
	if (file_digest_begin_at(dir, text, most, is_r) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "%s", text);
	c->hashed++;
	return memcmp(was, is_r, sizeof(was)) != 0;
}

static int hash_one(struct content *c, const struct listing_entry *at,
		    bool in_gone, struct err *e)
{
	uint8_t is[DIGEST_SIZE];
	struct message_name name;
	int other = compare_one(c, at, in_gone, UINT64_MAX, is, e);

	if (other <= 0)
		return other;
	listing_name(at, &name);
	c->each(c->arg, PRESENCE_DIFFERS, name.ulid,
		evidence_find(c->v, at->ulid)->sealed);
	return 0;
}

static int hash_listing(struct content *c, const struct listing *l,
			bool in_gone, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		if (hash_one(c, &l->list[i], in_gone, e) < 0)
			return -1;
		if (c->progress)
			c->progress(++c->done, c->p->cur.n + c->p->gone.n);
	}
	return 0;
}

int presence_content(const struct presence *p, const struct evidence *v,
		     const struct ledger *l,
		     void (*each)(void *arg, enum presence_fault fault,
				  const char *ulid, uint64_t entry),
		     void (*progress)(uint64_t done, uint64_t all), void *arg,
		     uint64_t *hashed_r, struct err *e)
{
	struct content c = {.p = p,
			    .v = v,
			    .l = l,
			    .each = each,
			    .progress = progress,
			    .arg = arg};
	int result = hash_listing(&c, &p->cur, false, e);

	if (result == 0)
		result = hash_listing(&c, &p->gone, true, e);
	*hashed_r = c.hashed;
	return result;
}

enum {
	HASHED_MAX = 1024 * 1024 * 1024, /* of one file, while others wait */
	LONGER_MAX = 1024 * 1024, /* than it has to be: no header is so long */
};

/*
 * How much of a file tells that it is another one: nobody reads for hours
 * because a handler has made a file long, or has said so. Of one that was found
 * nobody has said how long it was.
 */
static int octets_to_hash(const struct content *c,
			  const struct listing_entry *at, bool in_gone,
			  uint64_t *most_r, struct err *e)
{
	const struct evidence_message *m = evidence_find(c->v, at->ulid);
	int dir = in_gone ? c->p->mailbox->gone : c->p->mailbox->cur;
	char text[NAME_SIZE];
	struct stat st;

	*most_r = HASHED_MAX;
	listing_file_name(at, in_gone, text);
	if (!m || fstatat(dir, text, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    st.st_size <= HASHED_MAX)
		return 0;
	*most_r = age_payload_size(m->octets) + LONGER_MAX;
	if (!m->found && *most_r <= HASHED_MAX)
		return 0;
	return err_set(e, ERR_STATE,
		       "%s is too long for that (restante ledger verify "
		       "--content)",
		       text);
}

int presence_compare(const struct presence *p, const struct evidence *v,
		     const struct ledger *l, const char *ulid,
		     uint8_t digest_r[DIGEST_SIZE], struct err *e)
{
	struct content c = {.p = p, .v = v, .l = l};
	const struct listing_entry *at = listing_find(&p->cur, ulid);
	bool in_gone = !at;
	uint64_t most;

	if (in_gone)
		at = listing_find(&p->gone, ulid);
	if (!at)
		return 0;
	if (octets_to_hash(&c, at, in_gone, &most, e) < 0)
		return -1;
	return compare_one(&c, at, in_gone, most, digest_r, e);
}

/* --- sizes -----------------------------------------------------------------
 */

enum { BASE64_32 = 43 }; /* octets that 32 have in it, without padding */

/*
 * What is sealed here has a header of one stanza for each recipient, all of a
 * length (store/seal/seal.c). Another header only lets its file be hashed.
 */
static bool size_fits(uint64_t sealed, uint64_t octets)
{
	enum {
		FRAME = sizeof("age-encryption.org/v1\n") - 1 + sizeof("--- ") -
			1 + BASE64_32 + 1,
		STANZA = sizeof("-> X25519 ") - 1 + 2 * (BASE64_32 + 1),
	};
	uint64_t rest = age_payload_size(octets) + FRAME;

	return sealed > rest && (sealed - rest) % STANZA == 0;
}

/* One that has moved, or that nobody entered, is looked at another day. */
static bool is_odd(const struct presence *p, const struct evidence *v,
		   const struct listing_entry *at, bool in_gone)
{
	const struct evidence_message *m = evidence_find(v, at->ulid);
	int dir = in_gone ? p->mailbox->gone : p->mailbox->cur;
	char text[NAME_SIZE];
	struct stat st;

	if (!m || m->sealed == EVIDENCE_NONE)
		return false;
	listing_file_name(at, in_gone, text);
	return fstatat(dir, text, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       !is_cut(v, at, in_gone, &st) &&
	       (m->named_differs ||
		!size_fits((uint64_t)st.st_size, m->octets));
}

/* The next one in both, in the order of ULIDs. NULL: there is none. */
static const struct listing_entry *next_of(const struct presence *p, size_t *i,
					   size_t *j, bool *in_gone_r)
{
	const struct listing_entry *cur =
		*i < p->cur.n ? &p->cur.list[*i] : NULL;
	const struct listing_entry *gone =
		*j < p->gone.n ? &p->gone.list[*j] : NULL;

	*in_gone_r = gone && (!cur || memcmp(gone->ulid, cur->ulid,
					     ULID_PACKED_SIZE) < 0);
	if (*in_gone_r)
		++*j;
	else if (cur)
		++*i;
	return *in_gone_r ? gone : cur;
}

void presence_odd_sizes(const struct presence *p, const struct evidence *v,
			char after[ULID_LEN + 1], size_t most,
			bool (*each)(void *arg, const char *ulid), void *arg)
{
	const struct listing_entry *at;
	size_t i = 0, j = 0;
	char ulid[ULID_LEN + 1];
	bool in_gone;

	while ((at = next_of(p, &i, &j, &in_gone))) {
		ulid_unpack(at->ulid, ulid);
		if (strcmp(ulid, after) <= 0)
			continue;
		if (!most-- || (is_odd(p, v, at, in_gone) && !each(arg, ulid)))
			return;
		memcpy(after, ulid, sizeof(ulid));
	}
	after[0] = '\0';
}
