/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of lines, both ways, side by side. Touches no file. */
#include "common/base.h"
#include "store/ledger/entry.h"

static bool take_ulid(struct line *l, const char *key, char out[ULID_LEN + 1])
{
	return line_take(l, key, out, ULID_LEN + 1) &&
	       ulid_valid(out, strlen(out));
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
	char mailbox[MAILBOX_ID_LEN + 1];
	uint64_t n;

	if (!take_ulid(l, "id", s->id) ||
	    !line_take(l, "mailbox", mailbox, sizeof(mailbox)) ||
	    !mailbox_id_parse(mailbox, strlen(mailbox), s->mailbox) ||
	    strcmp(mailbox, s->mailbox) != 0 ||
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

static bool parse_activity(struct line *l, struct entry_activity *a)
{
	return line_take_time(l, "time", &a->when) &&
	       line_take(l, "program", a->program, sizeof(a->program)) &&
	       line_take(l, "peer", a->peer, sizeof(a->peer)) &&
	       line_take(l, "outcome", a->outcome, sizeof(a->outcome)) &&
	       line_take_number(l, "messages", UINT64_MAX, &a->messages) &&
	       line_take_number(l, "octets", UINT64_MAX, &a->octets);
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
}

/* --- all of them -----------------------------------------------------------
 */

static const char *const names[] = {
	[ENTRY_KEPT] = "kept",		 [ENTRY_SESSION] = "session",
	[ENTRY_COLLECTED] = "collected", [ENTRY_GONE] = "gone",
	[ENTRY_ACTIVITY] = "activity",
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
	case ENTRY_OTHER:
		break;
	}
	return line_end(&w);
}
