/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Open addressing. Whoever writes spools chooses ULIDs, and must not choose
 * places: nobody could look at the evidence against them.
 */
#include "common/base.h"
#include "store/ledger/evidence.h"

#include "common/log.h"
#include "common/num.h"

enum { SMALLEST = 256 };

static struct evidence_message *slot_of(const struct evidence *v,
					const uint8_t ulid[ULID_PACKED_SIZE])
{
	size_t at = (size_t)ulid_hash(ulid, v->key);

	for (;; at++) {
		struct evidence_message *m = &v->slots[at & (v->size - 1)];

		if (!m->used || memcmp(m->ulid, ulid, ULID_PACKED_SIZE) == 0)
			return m;
	}
}

static void grow(struct evidence *v)
{
	struct evidence larger = *v;

	if (!v->size)
		random_bytes(&larger.key, sizeof(larger.key));
	larger.size = v->size ? 2 * v->size : SMALLEST;
	larger.slots = xcalloc(larger.size, sizeof(*larger.slots));
	for (size_t i = 0; i < v->size; i++)
		if (v->slots[i].used)
			*slot_of(&larger, v->slots[i].ulid) = v->slots[i];
	free(v->slots);
	*v = larger;
}

struct evidence_message *evidence_message(struct evidence *v, const char *ulid)
{
	uint8_t packed[ULID_PACKED_SIZE];
	struct evidence_message *m;

	if (4 * (v->n + 1) > 3 * v->size)
		grow(v);
	ulid_pack(ulid, packed);
	m = slot_of(v, packed);
	if (!m->used) {
		memcpy(m->ulid, packed, sizeof(packed));
		m->entry = m->sealed = EVIDENCE_NONE;
		m->used = 1;
		v->n++;
	}
	return m;
}

struct evidence_message *evidence_find(const struct evidence *v,
				       const uint8_t ulid[ULID_PACKED_SIZE])
{
	struct evidence_message *m = v->size ? slot_of(v, ulid) : NULL;

	return m && m->used ? m : NULL;
}

struct evidence_message *evidence_named(const struct evidence *v,
					const char *ulid)
{
	uint8_t packed[ULID_PACKED_SIZE];

	ulid_pack(ulid, packed);
	return evidence_find(v, packed);
}

void evidence_release(struct evidence *v)
{
	free(v->slots);
	*v = (struct evidence){.n = 0};
}

/* --- parts -----------------------------------------------------------------
 */

static const char *ulid_of(const struct judged *j)
{
	switch (j->entry.kind) {
	case ENTRY_KEPT:
		return j->entry.kept.ulid;
	case ENTRY_GONE:
		return j->entry.gone.ulid;
	case ENTRY_COLLECTED:
		return j->entry.collected.ulid;
	case ENTRY_MISSING:
		return j->entry.missing.ulid;
	case ENTRY_DIFFERS:
		return j->entry.differs.ulid;
	case ENTRY_BACK:
		return j->entry.change.as;
	default:
		return NULL;
	}
}

bool evidence_is_of_part(const struct judged *j, uint64_t key, uint64_t parts,
			 uint64_t part)
{
	const char *ulid = ulid_of(j);
	uint8_t packed[ULID_PACKED_SIZE];

	if (!ulid || parts < 2)
		return true;
	ulid_pack(ulid, packed);
	return ulid_hash(packed, key) % parts == part;
}

/* --- taking ----------------------------------------------------------------
 */

/* Two `kept` of one ULID count once, the first. */
static void take_kept(struct evidence *v, const struct judged *j)
{
	struct evidence_message *m = evidence_message(v, j->entry.kept.ulid);

	if (m->entry != EVIDENCE_NONE)
		return;
	m->entry = m->sealed = j->i;
	m->octets = j->entry.kept.octets;
	m->head = num_load64(j->entry.kept.sha256);
	m->found = j->source == JUDGE_LEDGER;
}

enum evidence_gone evidence_gone_by(const struct judged *j)
{
	if (j->verdict == JUDGE_NO_KEY)
		return GONE_UNPROVED;
	if (j->in_session)
		return GONE_COLLECTOR;
	if (j->source == JUDGE_SPOOL)
		return GONE_FULL;
	return strcmp(j->entry.gone.by, "former") == 0 ? GONE_FORMER
						       : GONE_OTHER;
}

/* The same file, under a new name. */
static void take_back(struct evidence *v, const struct judged *j)
{
	const struct entry_change *c = &j->entry.change;
	struct evidence_message *m = evidence_message(v, c->as);
	uint8_t old[ULID_PACKED_SIZE];
	const struct evidence_message *before;

	if (m->entry != EVIDENCE_NONE)
		return;
	ulid_pack(c->ulid, old);
	before = evidence_find(v, old);
	m->entry = j->i;
	m->sealed = before ? before->sealed : EVIDENCE_NONE;
	m->octets = before ? before->octets : 0;
	m->head = before ? before->head : 0;
}

/* What is proved once is not made less by who claims it, too. */
static void take_gone(struct evidence *v, const struct judged *j)
{
	struct evidence_message *m = evidence_message(v, j->entry.gone.ulid);
	enum evidence_gone by = evidence_gone_by(j);

	if (by > m->gone)
		m->gone = (uint8_t)by;
}

static void take_collected(struct evidence *v, const struct judged *j)
{
	const struct entry_collected *c = &j->entry.collected;
	struct evidence_message *m = evidence_message(v, c->ulid);

	m->read = 1;
	if (m->sealed != EVIDENCE_NONE && m->head != num_load64(c->sha256))
		m->differs = 1;
	m->collected = m->collected || c->ended;
}

static void take_missing(struct evidence *v, const struct judged *j)
{
	const struct entry_missing *said = &j->entry.missing;
	struct evidence_message *m = evidence_message(v, said->ulid);
	bool found = strcmp(said->by, "found") == 0;

	if (!found && m->named != NAMED_BEFORE && m->entry == EVIDENCE_NONE)
		v->missing_before++;
	m->named = found ? NAMED_MISSING : NAMED_BEFORE;
}

static void take_differs(struct evidence *v, const struct judged *j)
{
	const struct entry_differs *d = &j->entry.differs;

	if (strcmp(d->by, "found") == 0)
		evidence_message(v, d->ulid)->named_differs = 1;
	else
		v->differ_before++;
}

static void take_change(struct evidence *v, const struct judged *j)
{
	if (j->entry.kind == ENTRY_DELETED)
		v->deleted = true;
	if (j->entry.kind != ENTRY_KEY ||
	    strcmp(j->entry.change.what, "reset") != 0)
		return;
	v->resets++;
	v->last_reset = j->i;
}

void evidence_take(struct evidence *v, const struct judged *j)
{
	if (j->verdict == JUDGE_NO_KEY && j->entry.kind == ENTRY_GONE)
		take_gone(v, j);
	if (j->verdict != JUDGE_COUNTS)
		return;
	switch (j->entry.kind) {
	case ENTRY_KEPT:
		take_kept(v, j);
		break;
	case ENTRY_GONE:
		take_gone(v, j);
		break;
	case ENTRY_BACK:
		take_back(v, j);
		break;
	case ENTRY_COLLECTED:
		take_collected(v, j);
		break;
	case ENTRY_MISSING:
		take_missing(v, j);
		break;
	case ENTRY_DIFFERS:
		take_differs(v, j);
		break;
	case ENTRY_KEY:
	case ENTRY_DELETED:
		take_change(v, j);
		break;
	default:
		break;
	}
}
