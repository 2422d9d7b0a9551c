/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The order is all: cur/, gone/ and the tickets, then the ledger (the
 * caller's), then the spools, then cur/ and gone/ again. A message that has
 * left was told of before it went, and a line is in the ledger before its spool
 * goes. So the sequencer, besides whom nobody enters anything, sees it in one
 * of these; and who reads while it works sees it when looking a second time,
 * for what a spool had no more was in the ledger then.
 */
#include "common/base.h"
#include "store/presence_private.h"

#include "common/log.h"
#include "store/leaving.h"

/* --- the first look --------------------------------------------------------
 */

struct presence *presence_begin(struct mailbox *m, struct err *e)
{
	struct presence *p = xcalloc(1, sizeof(*p));

	p->mailbox = m;
	if (leaving_open(m, e) < 0 || listing_scan(m, 0, &p->cur, e) < 0 ||
	    listing_scan_gone(m, 0, &p->gone, e) < 0 ||
	    tickets_scan(m, false, &p->tickets, e) < 0)
		presence_free(&p);
	return p;
}

void presence_free(struct presence **p_r)
{
	struct presence *p = *p_r;

	if (!p)
		return;
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
static enum evidence_gone gone_by(const struct evidence_message *m)
{
	return m->told > m->gone ? m->told : m->gone;
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
	switch (gone_by(m)) {
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
	if (m->lost)
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
		if (tickets_find(&p->tickets, ulid) || before->list[i].named)
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
	if (presence_hear(p, v, e) == 0 &&
	    listing_scan(p->mailbox, 0, &c.cur, e) == 0 &&
	    listing_scan_gone(p->mailbox, 0, &c.gone, e) == 0) {
		compare(&c);
		result = 0;
	}
	free(c.sealed);
	listing_release(&c.gone);
	listing_release(&c.cur);
	return result;
}
