/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The order is all: cur/, gone/ and the tickets, then the spools, then the
 * ledger (the caller's), then cur/ and gone/ again. A message that has left was
 * told of before it went, and a line is in the ledger before its spool goes; so
 * whatever happens meanwhile, one of these sees it.
 */
#include "common/base.h"
#include "store/presence.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "store/seal/age.h"
#include "store/back.h"
#include "store/file_digest.h"
#include "store/leaving.h"
#include "store/spool.h"
#include "store/ticket.h"

struct presence {
	struct mailbox *mailbox; /* borrowed */
	struct listing cur, gone;
	struct tickets tickets;
	struct evidence spools; /* what they tell, as far as it counts */
	struct evidence lost;	/* what lies in lost/ */
};

/* --- spools ----------------------------------------------------------------
 */

static void take(struct presence *p, const char *text, size_t n,
		 struct judged *j)
{
	enum entry_kind kind;

	if (!entry_parse(text, n, &j->entry))
		return;
	kind = j->entry.kind;
	if (j->source == JUDGE_ADMIN ? kind == ENTRY_BACK
				     : kind == ENTRY_KEPT || kind == ENTRY_GONE)
		evidence_take(&p->spools, j);
}

static void take_line(void *arg, const char *text, size_t n)
{
	struct judged j = {.source = JUDGE_SPOOL};

	take(arg, text, n, &j);
}

static void take_admin_line(void *arg, const char *text, size_t n)
{
	struct judged j = {.source = JUDGE_ADMIN};

	take(arg, text, n, &j);
}

/* As the ledger will: where no key was named yet, what it says is not proved.
 */
static void take_batch(void *arg, const struct spool_batch *b)
{
	struct presence *p = arg;
	const char *at = b->lines, *end = at + b->n_octets, *text;
	const char *key = mailbox_settings(p->mailbox)->session_key;
	struct judged j = {.source = JUDGE_SPOOL, .in_session = true};
	size_t n;

	if (!*key)
		j.verdict = JUDGE_NO_KEY;
	else if (!judge_is_signed_with(b->session, key))
		return;
	while (spool_next_line(&at, end, &text, &n))
		take(p, text, n, &j);
}

static int read_spools(struct presence *p, struct err *e)
{
	const struct spool_visitor v = {
		.line = take_line, .batch = take_batch, .arg = p};
	const struct spool_visitor admin = {.line = take_admin_line, .arg = p};

	if (back_read_spools(p->mailbox, &admin, e) < 0)
		return -1;
	return spool_read_all(p->mailbox, &v, e);
}

/* --- lost/ -----------------------------------------------------------------
 */

static DIR *open_folder(int dir, const char *name)
{
	int fd = openat(dir, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

/* Keys lie there, too: what is no folder has no messages. */
static bool is_no_folder(void)
{
	return errno == ENOENT || errno == ENOTDIR;
}

static int read_lost_key(struct presence *p, int lost, const char *name,
			 struct err *e)
{
	DIR *d = open_folder(lost, name);
	struct message_name message;
	const struct dirent *entry;
	int failed;

	if (!d)
		return is_no_folder() ? 0 : err_sys(e, "lost/%s", name);
	while (errno = 0, (entry = readdir(d)))
		if (name_parse_kept(entry->d_name, &message))
			evidence_message(&p->lost, message.ulid);
	failed = errno;
	closedir(d);
	errno = failed;
	return failed ? err_sys(e, "lost/%s", name) : 0;
}

/* Only administrators write there. A mailbox without resets has none. */
static int read_lost(struct presence *p, struct err *e)
{
	DIR *d = open_folder(p->mailbox->dir, "lost");
	const struct dirent *entry;
	int result = 0;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, "lost/");
	while (result == 0 && (errno = 0, (entry = readdir(d))))
		if (entry->d_name[0] != '.')
			result = read_lost_key(p, dirfd(d), entry->d_name, e);
	if (result == 0 && errno)
		result = err_sys(e, "lost/");
	closedir(d);
	return result;
}

/* --- the first look --------------------------------------------------------
 */

struct presence *presence_begin(struct mailbox *m, struct err *e)
{
	struct presence *p = xcalloc(1, sizeof(*p));

	p->mailbox = m;
	if (leaving_open(m, e) < 0 || listing_scan(m, 0, &p->cur, e) < 0 ||
	    listing_scan_gone(m, 0, &p->gone, e) < 0 ||
	    tickets_scan(m, false, &p->tickets, e) < 0 ||
	    read_spools(p, e) < 0 || read_lost(p, e) < 0)
		presence_free(&p);
	return p;
}

void presence_free(struct presence **p_r)
{
	struct presence *p = *p_r;

	if (!p)
		return;
	evidence_release(&p->lost);
	evidence_release(&p->spools);
	tickets_release(&p->tickets);
	listing_release(&p->gone);
	listing_release(&p->cur);
	free(p);
	*p_r = NULL;
}

/* --- the second one --------------------------------------------------------
 */

struct comparison {
	const struct presence *p;
	struct evidence *v;
	struct listing cur, gone; /* as they are now */
	uint64_t *sealed;	  /* entries of what lies in gone/, in order */
	size_t n_sealed;
	void (*each)(void *arg, enum presence_fault fault, const char *ulid,
		     uint64_t entry);
	void *arg;
	struct presence_report *report;
};

static void tell(const struct comparison *c, enum presence_fault fault,
		 const char *ulid, uint64_t entry)
{
	c->report->faults[fault]++;
	c->each(c->arg, fault, ulid, entry);
}

static bool lies_in(const struct listing *before, const struct listing *now,
		    const char *ulid)
{
	return listing_find(before, ulid) || listing_find(now, ulid);
}

/* How it left, by the ledger or by a spool that the ledger has not taken. */
static enum evidence_gone gone_by(const struct comparison *c,
				  const struct evidence_message *m)
{
	const struct evidence_message *s =
		evidence_find(&c->p->spools, m->ulid);

	return s && s->gone > m->gone ? s->gone : m->gone;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void list_sealed(struct comparison *c)
{
	const struct listing *gone = &c->p->gone;

	c->sealed = xcalloc(gone->n + 1, sizeof(*c->sealed));
	for (size_t i = 0; i < gone->n; i++) {
		const struct evidence_message *m =
			evidence_find(c->v, gone->list[i].ulid);

		if (m && m->sealed != EVIDENCE_NONE)
			c->sealed[c->n_sealed++] = m->sealed;
	}
	qsort(c->sealed, c->n_sealed, sizeof(*c->sealed), by_number);
}

/*
 * A `back` is written before its message moves: until then the same file lies
 * in gone/ under the name of before.
 */
static bool is_coming_back(struct comparison *c,
			   const struct evidence_message *m)
{
	if (m->sealed == m->entry || m->sealed == EVIDENCE_NONE)
		return false;
	if (!c->sealed)
		list_sealed(c);
	return bsearch(&m->sealed, c->sealed, c->n_sealed, sizeof(*c->sealed),
		       by_number);
}

static enum presence_state absent_state(struct comparison *c,
					const struct evidence_message *m)
{
	switch (gone_by(c, m)) {
	case GONE_COLLECTOR:
		return PRESENCE_COLLECTED;
	case GONE_UNPROVED:
		return PRESENCE_UNPROVED;
	case GONE_FULL:
		return PRESENCE_FULL;
	case GONE_OTHER:
		return PRESENCE_EXPIRED;
	case GONE_FORMER:
		return PRESENCE_BEFORE;
	case GONE_NOT:
		break;
	}
	if (evidence_find(&c->p->lost, m->ulid))
		return PRESENCE_LOST;
	if (m->named == NAMED_BEFORE)
		return PRESENCE_BEFORE;
	return is_coming_back(c, m) ? PRESENCE_IN_GONE : PRESENCE_GONE_UNTOLD;
}

static enum presence_state
state_of(struct comparison *c, struct evidence_message *m, const char *ulid)
{
	m->left = 0;
	if (lies_in(&c->p->cur, &c->cur, ulid))
		return PRESENCE_WAITS;
	m->left = lies_in(&c->p->gone, &c->gone, ulid);
	if (m->left)
		return PRESENCE_IN_GONE;
	return absent_state(c, m);
}

static void compare_message(struct comparison *c, struct evidence_message *m)
{
	char ulid[ULID_LEN + 1];

	ulid_unpack(m->ulid, ulid);
	m->state = (uint8_t)state_of(c, m, ulid);
	c->report->states[m->state]++;
	if (m->state == PRESENCE_GONE_UNTOLD)
		tell(c, PRESENCE_MISSING, ulid, m->entry);
}

static bool is_entered(const struct comparison *c,
		       const uint8_t packed[ULID_PACKED_SIZE])
{
	const struct evidence_message *m = evidence_find(c->v, packed);

	return m && m->entry != EVIDENCE_NONE;
}

/* What lies there both times, and the ledger has not. */
static void compare_names(const struct comparison *c,
			  const struct listing *before,
			  const struct listing *now)
{
	const struct presence *p = c->p;
	char ulid[ULID_LEN + 1];

	for (size_t i = 0; i < before->n; i++) {
		const uint8_t *packed = before->list[i].ulid;

		if (is_entered(c, packed))
			continue;
		ulid_unpack(packed, ulid);
		if (tickets_find(&p->tickets, ulid) ||
		    evidence_find(&p->spools, packed))
			c->report->not_entered++;
		else if (listing_find(now, ulid))
			tell(c, PRESENCE_UNTOLD, ulid, EVIDENCE_NONE);
	}
}

static void compare(struct comparison *c)
{
	for (size_t i = 0; i < c->v->size; i++) {
		struct evidence_message *m = &c->v->slots[i];

		/* Else nothing, or `gone` of what was never received. */
		if (m->used && m->entry != EVIDENCE_NONE)
			compare_message(c, m);
	}
	compare_names(c, &c->p->cur, &c->cur);
	compare_names(c, &c->p->gone, &c->gone);
}

int presence_end(struct presence *p, struct evidence *v,
		 void (*each)(void *arg, enum presence_fault fault,
			      const char *ulid, uint64_t entry),
		 void *arg, struct presence_report *report_r, struct err *e)
{
	struct comparison c = {
		.p = p, .v = v, .each = each, .arg = arg, .report = report_r};
	int result = -1;

	*report_r = (struct presence_report){.not_entered = 0};
	if (listing_scan(p->mailbox, 0, &c.cur, e) == 0 &&
	    listing_scan_gone(p->mailbox, 0, &c.gone, e) == 0) {
		compare(&c);
		result = 0;
	}
	free(c.sealed);
	listing_release(&c.gone);
	listing_release(&c.cur);
	return result;
}

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

enum { LONGER_MAX = 1024 * 1024 }; /* than it has to be, and still hashed */

static bool has_left(const struct presence *p, const struct evidence *v,
		     const struct listing_entry *at)
{
	const struct evidence_message *m = evidence_find(v, at->ulid);
	const struct evidence_message *s = evidence_find(&p->spools, at->ulid);

	return (m && m->gone) || (s && s->gone);
}

/* On a full disk, behind the line that says it has left, wherever it lies. */
static bool is_cut(const struct presence *p, const struct evidence *v,
		   const struct listing_entry *at, bool in_gone,
		   const struct stat *st)
{
	return st->st_size == 0 && (in_gone || has_left(p, v, at));
}

/* 1: it is another file; 0: it is not, or has left, or nobody knows. */
static int compare_one(struct content *c, const struct listing_entry *at,
		       bool in_gone, uint8_t is_r[DIGEST_SIZE], struct err *e)
{
	const struct evidence_message *m = evidence_find(c->v, at->ulid);
	int dir = in_gone ? c->p->mailbox->gone : c->p->mailbox->cur;
	uint8_t was[DIGEST_SIZE];
	char text[NAME_SIZE];
	struct stat st;

	listing_file_name(at, in_gone, text);
	if (!signed_digest(c, m, was) ||
	    (fstatat(dir, text, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	     is_cut(c->p, c->v, at, in_gone, &st)))
		return 0;
	if (file_digest_at(dir, text, is_r) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "%s", text);
	c->hashed++;
	return memcmp(was, is_r, sizeof(was)) != 0;
}

static int hash_one(struct content *c, const struct listing_entry *at,
		    bool in_gone, struct err *e)
{
	uint8_t is[DIGEST_SIZE];
	struct message_name name;
	int other = compare_one(c, at, in_gone, is, e);

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

/* Nobody reads for hours because a handler has made a file long. */
static int check_length(const struct content *c, const struct listing_entry *at,
			bool in_gone, struct err *e)
{
	const struct evidence_message *m = evidence_find(c->v, at->ulid);
	int dir = in_gone ? c->p->mailbox->gone : c->p->mailbox->cur;
	char text[NAME_SIZE];
	struct stat st;

	listing_file_name(at, in_gone, text);
	if (!m || fstatat(dir, text, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (uint64_t)st.st_size <= age_payload_size(m->octets) + LONGER_MAX)
		return 0;
	return err_set(e, ERR_DAMAGED,
		       "%s is longer than what was received (restante ledger "
		       "verify --content)",
		       text);
}

int presence_compare(const struct presence *p, const struct evidence *v,
		     const struct ledger *l, const char *ulid,
		     uint8_t digest_r[DIGEST_SIZE], struct err *e)
{
	struct content c = {.p = p, .v = v, .l = l};
	const struct listing_entry *at = listing_find(&p->cur, ulid);
	bool in_gone = !at;

	if (in_gone)
		at = listing_find(&p->gone, ulid);
	if (!at)
		return 0;
	if (check_length(&c, at, in_gone, e) < 0)
		return -1;
	return compare_one(&c, at, in_gone, digest_r, e);
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
	       !is_cut(p, v, at, in_gone, &st) &&
	       !size_fits((uint64_t)st.st_size, m->octets);
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
			void (*each)(void *arg, const char *ulid), void *arg)
{
	const struct listing_entry *at;
	size_t i = 0, j = 0;
	char ulid[ULID_LEN + 1];
	bool in_gone;

	while ((at = next_of(p, &i, &j, &in_gone))) {
		ulid_unpack(at->ulid, ulid);
		if (strcmp(ulid, after) <= 0)
			continue;
		if (!most--)
			return;
		if (is_odd(p, v, at, in_gone))
			each(arg, ulid);
		memcpy(after, ulid, sizeof(ulid));
	}
	after[0] = '\0';
}
