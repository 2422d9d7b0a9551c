/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of lines, both ways, side by side. Touches no file. */
#include "common/base.h"
#include "store/ledger/entry.h"

#include "common/num.h"

static bool take_ulid(struct line *l, const char *key, char out[ULID_LEN + 1])
{
	return line_take(l, key, out, ULID_LEN + 1) &&
	       ulid_valid(out, strlen(out));
}

static bool take_mailbox(struct line *l, char id_r[MAILBOX_ID_LEN + 1])
{
	char mailbox[MAILBOX_ID_LEN + 1];

	return line_take(l, "mailbox", mailbox, sizeof(mailbox)) &&
	       mailbox_id_parse(mailbox, strlen(mailbox), id_r) &&
	       strcmp(mailbox, id_r) == 0;
}

/* --- kept ------------------------------------------------------------------
 */

static bool parse_kept(struct line *l, struct entry_kept *k)
{
	return take_ulid(l, "ulid", k->ulid) &&
	       line_take_number(l, "octets", INT64_MAX, &k->octets) &&
	       line_take_hex(l, "sha256", k->sha256, sizeof(k->sha256)) &&
	       line_take(l, "by", k->by, sizeof(k->by)) &&
	       line_take_time(l, "time", &k->when);
}

static void write_kept(struct line_writer *w, const struct entry_kept *k)
{
	line_add(w, "ulid", k->ulid);
	line_add_number(w, "octets", k->octets);
	line_add_hex(w, "sha256", k->sha256, sizeof(k->sha256));
	line_add(w, "by", k->by);
	line_add_time(w, "time", k->when);
}

/* --- session ---------------------------------------------------------------
 */

static bool parse_session(struct line *l, struct entry_session *s)
{
	uint64_t n;

	if (!take_ulid(l, "id", s->id) || !take_mailbox(l, s->mailbox) ||
	    !line_take_number(l, "n", ENTRY_BATCH_MAX, &n) ||
	    !line_take_hex(l, "sha256", s->sha256, sizeof(s->sha256)) ||
	    !line_take_hex(l, "sig", s->signature, sizeof(s->signature)))
		return false;
	s->n = (unsigned)n;
	return n > 0;
}

static void write_signed_part(struct line_writer *w,
			      const struct entry_session *s)
{
	line_add(w, "id", s->id);
	line_add(w, "mailbox", s->mailbox);
	line_add_number(w, "n", s->n);
	line_add_hex(w, "sha256", s->sha256, sizeof(s->sha256));
}

static void write_session(struct line_writer *w, const struct entry_session *s)
{
	write_signed_part(w, s);
	line_add_hex(w, "sig", s->signature, sizeof(s->signature));
}

bool entry_signed_part(const struct entry_session *s, struct buf *out)
{
	struct line_writer w;

	line_begin(&w, out, "session");
	write_signed_part(&w, s);
	if (!line_end(&w))
		return false;
	buf_cut(out, out->len - 1); /* its LF */
	return true;
}

/* --- announced -------------------------------------------------------------
 */

static bool parse_announced(struct line *l, struct entry_announced *a)
{
	uint8_t key[ENTRY_SESSION_KEY_LEN / 2];

	if (!take_mailbox(l, a->mailbox) ||
	    !line_take_hex(l, "session-key", key, sizeof(key)))
		return false;
	num_write_hex(key, sizeof(key), a->session_key);
	return line_take_hex(l, "mac", a->mac, sizeof(a->mac));
}

static void write_announced_part(struct line_writer *w,
				 const struct entry_announced *a)
{
	line_add(w, "mailbox", a->mailbox);
	line_add(w, "session-key", a->session_key);
}

static void write_announced(struct line_writer *w,
			    const struct entry_announced *a)
{
	write_announced_part(w, a);
	line_add_hex(w, "mac", a->mac, sizeof(a->mac));
}

bool entry_announced_part(const struct entry_announced *a, struct buf *out)
{
	struct line_writer w;

	line_begin(&w, out, "announced");
	write_announced_part(&w, a);
	if (!line_end(&w))
		return false;
	buf_cut(out, out->len - 1); /* its LF */
	return true;
}

/* --- collected, gone -------------------------------------------------------
 */

static bool take_yes_or_no(struct line *l, const char *key, bool *yes_r)
{
	char word[4];

	if (!line_take(l, key, word, sizeof(word)))
		return false;
	*yes_r = strcmp(word, "yes") == 0;
	return *yes_r || strcmp(word, "no") == 0;
}

static bool parse_collected(struct line *l, struct entry_collected *c)
{
	return take_ulid(l, "ulid", c->ulid) &&
	       line_take_hex(l, "sha256", c->sha256, sizeof(c->sha256)) &&
	       take_yes_or_no(l, "ended", &c->ended) &&
	       line_take_time(l, "time", &c->when);
}

static void write_collected(struct line_writer *w,
			    const struct entry_collected *c)
{
	line_add(w, "ulid", c->ulid);
	line_add_hex(w, "sha256", c->sha256, sizeof(c->sha256));
	line_add(w, "ended", c->ended ? "yes" : "no");
	line_add_time(w, "time", c->when);
}

static bool parse_gone(struct line *l, struct entry_gone *g)
{
	return take_ulid(l, "ulid", g->ulid) &&
	       line_take(l, "by", g->by, sizeof(g->by)) &&
	       line_take_time(l, "time", &g->when);
}

static void write_gone(struct line_writer *w, const struct entry_gone *g)
{
	line_add(w, "ulid", g->ulid);
	line_add(w, "by", g->by);
	line_add_time(w, "time", g->when);
}

/* --- activity --------------------------------------------------------------
 */

/* Lines of before carry no reason. */
static bool take_reason(struct line *l, struct entry_activity *a)
{
	a->reason[0] = '\0';
	return !line_next_is(l, "reason") ||
	       (line_take(l, "reason", a->reason, sizeof(a->reason)) &&
		a->reason[0]);
}

static bool parse_activity(struct line *l, struct entry_activity *a)
{
	return line_take_time(l, "time", &a->when) &&
	       line_take(l, "program", a->program, sizeof(a->program)) &&
	       line_take(l, "peer", a->peer, sizeof(a->peer)) &&
	       line_take(l, "outcome", a->outcome, sizeof(a->outcome)) &&
	       line_take_number(l, "messages", UINT64_MAX, &a->messages) &&
	       line_take_number(l, "octets", UINT64_MAX, &a->octets) &&
	       take_reason(l, a);
}

static void write_activity(struct line_writer *w,
			   const struct entry_activity *a)
{
	line_add_time(w, "time", a->when);
	line_add(w, "program", a->program);
	line_add(w, "peer", a->peer);
	line_add(w, "outcome", a->outcome);
	line_add_number(w, "messages", a->messages);
	line_add_number(w, "octets", a->octets);
	if (a->reason[0])
		line_add(w, "reason", a->reason);
}

/* --- what the ledger says --------------------------------------------------
 */

bool entry_parse_before(struct line *l, const char *origin,
			struct entry_before *b)
{
	return line_take(l, origin, b->origin, sizeof(b->origin)) &&
	       note_name_valid(b->origin) &&
	       line_take_number(l, "size", INT64_MAX, &b->size) &&
	       line_take_hex(l, "root", b->root, sizeof(b->root));
}

void entry_write_before(struct line_writer *w, const char *origin,
			const struct entry_before *b)
{
	line_add(w, origin, b->origin);
	line_add_number(w, "size", b->size);
	line_add_hex(w, "root", b->root, sizeof(b->root));
}

/* The first ledger of a mailbox has none before it. */
static bool parse_act(struct line *l, struct entry_before *b)
{
	*b = (struct entry_before){.size = 0};
	if (!line_next_is(l, "act"))
		return true;
	return line_take(l, "act", b->act, sizeof(b->act)) && b->act[0] &&
	       entry_parse_before(l, "after", b) &&
	       line_take(l, "reason", b->reason, sizeof(b->reason));
}

static bool parse_ledger(struct line *l, struct entry_ledger *k)
{
	uint64_t version;

	return line_take_number(l, "version", 1, &version) && version == 1 &&
	       line_take(l, "origin", k->origin, sizeof(k->origin)) &&
	       note_name_valid(k->origin) &&
	       line_take_time(l, "time", &k->when) && parse_act(l, &k->before);
}

static void write_ledger(struct line_writer *w, const struct entry_ledger *k)
{
	line_add_number(w, "version", 1);
	line_add(w, "origin", k->origin);
	line_add_time(w, "time", k->when);
	if (!k->before.act[0])
		return;
	line_add(w, "act", k->before.act);
	entry_write_before(w, "after", &k->before);
	line_add(w, "reason", k->before.reason);
}

static bool parse_taken(struct line *l, struct entry_taken *t)
{
	return line_take(l, "spool", t->spool, sizeof(t->spool)) &&
	       line_take_number(l, "from", INT64_MAX, &t->from) &&
	       line_take_number(l, "to", INT64_MAX, &t->to) &&
	       line_take_number(l, "lines", INT64_MAX, &t->lines) &&
	       line_take_number(l, "passed-over", INT64_MAX, &t->passed_over) &&
	       line_take_time(l, "time", &t->when);
}

static void write_taken(struct line_writer *w, const struct entry_taken *t)
{
	line_add(w, "spool", t->spool);
	line_add_number(w, "from", t->from);
	line_add_number(w, "to", t->to);
	line_add_number(w, "lines", t->lines);
	line_add_number(w, "passed-over", t->passed_over);
	line_add_time(w, "time", t->when);
}

static bool parse_sessions(struct line *l, struct entry_sessions *s)
{
	return line_take_time(l, "from", &s->from) &&
	       line_take(l, "program", s->program, sizeof(s->program)) &&
	       line_take(l, "outcome", s->outcome, sizeof(s->outcome)) &&
	       line_take_number(l, "count", UINT64_MAX, &s->count);
}

static void write_sessions(struct line_writer *w,
			   const struct entry_sessions *s)
{
	line_add_time(w, "from", s->from);
	line_add(w, "program", s->program);
	line_add(w, "outcome", s->outcome);
	line_add_number(w, "count", s->count);
}

static bool parse_refused(struct line *l, struct entry_refused *r)
{
	return line_take_time(l, "from", &r->from) &&
	       line_take(l, "program", r->program, sizeof(r->program)) &&
	       line_take(l, "reason", r->reason, sizeof(r->reason)) &&
	       line_take_number(l, "count", UINT64_MAX, &r->count);
}

static void write_refused(struct line_writer *w, const struct entry_refused *r)
{
	line_add_time(w, "from", r->from);
	line_add(w, "program", r->program);
	line_add(w, "reason", r->reason);
	line_add_number(w, "count", r->count);
}

static bool parse_checkpoint(struct line *l, struct entry_checkpoint *k)
{
	struct checkpoint *c = &k->checkpoint;

	return line_take(l, "origin", c->origin, sizeof(c->origin)) &&
	       note_name_valid(c->origin) &&
	       line_take_number(l, "size", INT64_MAX, &c->size) &&
	       line_take_hex(l, "root", c->root, sizeof(c->root)) &&
	       line_take_time(l, "time", &k->when);
}

static void write_checkpoint(struct line_writer *w,
			     const struct entry_checkpoint *k)
{
	const struct checkpoint *c = &k->checkpoint;

	line_add(w, "origin", c->origin);
	line_add_number(w, "size", c->size);
	line_add_hex(w, "root", c->root, sizeof(c->root));
	line_add_time(w, "time", k->when);
}

static bool parse_missing(struct line *l, struct entry_missing *m)
{
	return take_ulid(l, "ulid", m->ulid) &&
	       line_take(l, "by", m->by, sizeof(m->by)) &&
	       line_take_time(l, "time", &m->when);
}

static void write_missing(struct line_writer *w, const struct entry_missing *m)
{
	line_add(w, "ulid", m->ulid);
	line_add(w, "by", m->by);
	line_add_time(w, "time", m->when);
}

static bool parse_differs(struct line *l, struct entry_differs *d)
{
	return take_ulid(l, "ulid", d->ulid) &&
	       line_take_hex(l, "sha256", d->sha256, sizeof(d->sha256)) &&
	       line_take(l, "by", d->by, sizeof(d->by)) &&
	       line_take_time(l, "time", &d->when);
}

static void write_differs(struct line_writer *w, const struct entry_differs *d)
{
	line_add(w, "ulid", d->ulid);
	line_add_hex(w, "sha256", d->sha256, sizeof(d->sha256));
	line_add(w, "by", d->by);
	line_add_time(w, "time", d->when);
}

static bool parse_succession(struct line *l, struct entry_succession *s)
{
	struct entry_before *b = &s->before;

	*b = (struct entry_before){.size = 0};
	return entry_parse_before(l, "origin", b) &&
	       line_take(l, "to", s->to, sizeof(s->to)) &&
	       (!s->to[0] || note_name_valid(s->to)) &&
	       line_take(l, "reason", b->reason, sizeof(b->reason)) &&
	       line_take_time(l, "time", &s->when);
}

static void write_succession(struct line_writer *w,
			     const struct entry_succession *s)
{
	entry_write_before(w, "origin", &s->before);
	line_add(w, "to", s->to);
	line_add(w, "reason", s->before.reason);
	line_add_time(w, "time", s->when);
}

/* --- changes ---------------------------------------------------------------
 */

static bool parse_session_key(struct line *l, struct entry_change *c)
{
	uint8_t key[ENTRY_SESSION_KEY_LEN / 2];

	if (!line_next_is(l, "session-key"))
		return true;
	if (!line_take_hex(l, "session-key", key, sizeof(key)))
		return false;
	num_write_hex(key, sizeof(key), c->session_key);
	return true;
}

static bool parse_by_whom(struct line *l, struct entry_change *c)
{
	c->session_key[0] = c->ulid[0] = c->as[0] = '\0';
	return line_take_time(l, "time", &c->when) &&
	       line_take(l, "by", c->by, sizeof(c->by)) &&
	       line_take(l, "who", c->who, sizeof(c->who)) &&
	       line_take(l, "how", c->how, sizeof(c->how)) &&
	       line_take(l, "what", c->what, sizeof(c->what));
}

/* What is special to it is the administrator's; nobody here acts upon it. */
static bool parse_change(struct line *l, struct entry_change *c)
{
	bool good = parse_by_whom(l, c) && parse_session_key(l, c);

	if (good)
		line_skip_rest(l);
	return good;
}

/* Files move by this one: it is taken as a whole. */
static bool parse_back(struct line *l, struct entry_change *c)
{
	return parse_by_whom(l, c) && take_ulid(l, "ulid", c->ulid) &&
	       take_ulid(l, "as", c->as);
}

static void write_change(struct line_writer *w, const struct entry_change *c)
{
	line_add_time(w, "time", c->when);
	line_add(w, "by", c->by);
	line_add(w, "who", c->who);
	line_add(w, "how", c->how);
	line_add(w, "what", c->what);
	if (c->session_key[0])
		line_add(w, "session-key", c->session_key);
	if (c->ulid[0])
		line_add(w, "ulid", c->ulid);
	if (c->as[0])
		line_add(w, "as", c->as);
}

/* --- all of them -----------------------------------------------------------
 */

static const char *const names[] = {
	[ENTRY_KEPT] = "kept",
	[ENTRY_SESSION] = "session",
	[ENTRY_COLLECTED] = "collected",
	[ENTRY_GONE] = "gone",
	[ENTRY_ACTIVITY] = "activity",
	[ENTRY_LEDGER] = "ledger",
	[ENTRY_TAKEN] = "taken",
	[ENTRY_SESSIONS] = "sessions",
	[ENTRY_REFUSED] = "refused",
	[ENTRY_ANNOUNCED] = "announced",
	[ENTRY_CHECKPOINT] = "checkpoint",
	[ENTRY_SETTINGS] = "settings",
	[ENTRY_RECIPIENTS] = "recipients",
	[ENTRY_KEY] = "key",
	[ENTRY_DELETED] = "deleted",
	[ENTRY_BACK] = "back",
	[ENTRY_ADMINISTRATORS] = "administrators",
	[ENTRY_MISSING] = "missing",
	[ENTRY_DIFFERS] = "differs",
	[ENTRY_ADOPTED] = "adopted",
	[ENTRY_RESUMED] = "resumed",
	[ENTRY_DROPPED] = "dropped",
};

static enum entry_kind kind_of(const struct line *l)
{
	for (enum entry_kind k = ENTRY_KEPT; k < N_ELEMENTS(names); k++)
		if (line_is(l, names[k]))
			return k;
	return ENTRY_OTHER;
}

static bool parse_known(struct line *l, struct entry *e)
{
	switch (e->kind) {
	case ENTRY_KEPT:
		return parse_kept(l, &e->kept);
	case ENTRY_SESSION:
		return parse_session(l, &e->session);
	case ENTRY_COLLECTED:
		return parse_collected(l, &e->collected);
	case ENTRY_GONE:
		return parse_gone(l, &e->gone);
	case ENTRY_ACTIVITY:
		return parse_activity(l, &e->activity);
	case ENTRY_LEDGER:
		return parse_ledger(l, &e->ledger);
	case ENTRY_TAKEN:
		return parse_taken(l, &e->taken);
	case ENTRY_SESSIONS:
		return parse_sessions(l, &e->sessions);
	case ENTRY_REFUSED:
		return parse_refused(l, &e->refused);
	case ENTRY_ANNOUNCED:
		return parse_announced(l, &e->announced);
	case ENTRY_CHECKPOINT:
		return parse_checkpoint(l, &e->checkpoint);
	case ENTRY_SETTINGS:
	case ENTRY_RECIPIENTS:
	case ENTRY_KEY:
	case ENTRY_DELETED:
	case ENTRY_ADMINISTRATORS:
		return parse_change(l, &e->change);
	case ENTRY_BACK:
		return parse_back(l, &e->change);
	case ENTRY_MISSING:
		return parse_missing(l, &e->missing);
	case ENTRY_DIFFERS:
		return parse_differs(l, &e->differs);
	case ENTRY_ADOPTED:
	case ENTRY_RESUMED:
	case ENTRY_DROPPED:
		return parse_succession(l, &e->succession);
	case ENTRY_OTHER:
		break;
	}
	return false;
}

bool entry_parse(const char *text, size_t n, struct entry *entry_r)
{
	struct line l;

	if (!line_parse(text, n, &l))
		return false;
	entry_r->kind = kind_of(&l);
	if (entry_r->kind == ENTRY_OTHER)
		return true;
	return parse_known(&l, entry_r) && line_is_done(&l);
}

bool entry_write(const struct entry *e, struct buf *out)
{
	struct line_writer w;

	line_begin(&w, out, names[e->kind]);
	switch (e->kind) {
	case ENTRY_KEPT:
		write_kept(&w, &e->kept);
		break;
	case ENTRY_SESSION:
		write_session(&w, &e->session);
		break;
	case ENTRY_COLLECTED:
		write_collected(&w, &e->collected);
		break;
	case ENTRY_GONE:
		write_gone(&w, &e->gone);
		break;
	case ENTRY_ACTIVITY:
		write_activity(&w, &e->activity);
		break;
	case ENTRY_LEDGER:
		write_ledger(&w, &e->ledger);
		break;
	case ENTRY_TAKEN:
		write_taken(&w, &e->taken);
		break;
	case ENTRY_SESSIONS:
		write_sessions(&w, &e->sessions);
		break;
	case ENTRY_REFUSED:
		write_refused(&w, &e->refused);
		break;
	case ENTRY_ANNOUNCED:
		write_announced(&w, &e->announced);
		break;
	case ENTRY_CHECKPOINT:
		write_checkpoint(&w, &e->checkpoint);
		break;
	case ENTRY_SETTINGS:
	case ENTRY_RECIPIENTS:
	case ENTRY_KEY:
	case ENTRY_DELETED:
	case ENTRY_BACK:
	case ENTRY_ADMINISTRATORS:
		write_change(&w, &e->change);
		break;
	case ENTRY_MISSING:
		write_missing(&w, &e->missing);
		break;
	case ENTRY_DIFFERS:
		write_differs(&w, &e->differs);
		break;
	case ENTRY_ADOPTED:
	case ENTRY_RESUMED:
	case ENTRY_DROPPED:
		write_succession(&w, &e->succession);
		break;
	case ENTRY_OTHER:
		break;
	}
	return line_end(&w);
}
