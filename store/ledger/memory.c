/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory as text, both ways. Touches no file. */
#include "common/base.h"
#include "store/ledger/memory.h"

#include "store/ledger/spool_reader.h"

/* --- what stands in it -----------------------------------------------------
 */

struct memory_spool *memory_spool(const struct memory *m, const char *name)
{
	for (size_t i = 0; i < m->n_spools; i++)
		if (strcmp(m->spools[i].name, name) == 0)
			return (struct memory_spool *)(uintptr_t)&m->spools[i];
	return NULL;
}

uint64_t memory_offset(const struct memory *m, const char *spool)
{
	const struct memory_spool *s = memory_spool(m, spool);

	return s ? s->offset : 0;
}

/* before: NULL where it is not known. */
bool memory_set_offset(struct memory *m, const char *spool, uint64_t offset,
		       const uint8_t before[DIGEST_SIZE])
{
	struct memory_spool *s = memory_spool(m, spool);

	if (!s && m->n_spools == MEMORY_SPOOLS_MAX)
		return false;
	if (!s) {
		s = &m->spools[m->n_spools++];
		snprintf(s->name, sizeof(s->name), "%s", spool);
	}
	s->offset = offset;
	s->is_other = false;
	s->has_before = before != NULL;
	if (before)
		memcpy(s->before, before, DIGEST_SIZE);
	return true;
}

bool memory_has_key(const struct memory *m, const char *session_key)
{
	for (size_t i = 0; i < m->n_keys; i++)
		if (strcmp(m->keys[i], session_key) == 0)
			return true;
	return false;
}

void memory_add_key(struct memory *m, const char *session_key)
{
	if (memory_has_key(m, session_key))
		return;
	if (m->n_keys == MEMORY_KEYS_MAX) {
		memmove(m->keys[0], m->keys[1],
			(MEMORY_KEYS_MAX - 1) * sizeof(m->keys[0]));
		m->n_keys--;
	}
	snprintf(m->keys[m->n_keys++], sizeof(m->keys[0]), "%s", session_key);
}

static struct memory_count *find_count(struct memory *m, bool refused,
				       const char *program, const char *word)
{
	for (size_t i = 0; i < m->n_counts; i++)
		if (m->counts[i].refused == refused &&
		    strcmp(m->counts[i].program, program) == 0 &&
		    strcmp(m->counts[i].word, word) == 0)
			return &m->counts[i];
	return NULL;
}

/* The last two places are kept for what finds none. */
void memory_count(struct memory *m, bool refused, const char *program,
		  const char *word)
{
	struct memory_count *c = find_count(m, refused, program, word);

	if (!c && m->n_counts >= MEMORY_COUNTS_MAX - 2) {
		program = word = "other";
		c = find_count(m, refused, program, word);
	}
	if (!c && m->n_counts == MEMORY_COUNTS_MAX)
		return; /* one of before kept no place for both */
	if (!c) {
		c = &m->counts[m->n_counts++];
		*c = (struct memory_count){.refused = refused};
		snprintf(c->program, sizeof(c->program), "%s", program);
		snprintf(c->word, sizeof(c->word), "%s", word);
	}
	c->count++;
}

/* --- writing ---------------------------------------------------------------
 */

static bool write_head(const struct memory *m, struct buf *out)
{
	uint8_t root[DIGEST_SIZE];
	struct line_writer w;

	tree_root(&m->tree, root);
	line_begin(&w, out, "memory");
	line_add_number(&w, "version", 1);
	line_add(&w, "origin", m->origin);
	line_add_number(&w, "size", m->tree.size);
	line_add_number(&w, "octets", m->octets);
	line_add_hex(&w, "root", root, sizeof(root));
	line_add(&w, "boot", m->boot);
	line_add_number(&w, "signed", m->signed_size);
	line_add_time(&w, "signed-at", m->signed_when);
	line_add_number(&w, "host", m->host_size);
	line_add_time(&w, "host-at", m->host_when);
	line_add_time(&w, "hour", m->hour);
	line_add_number(&w, "closed", m->closed);
	line_add(&w, "activity", m->activity);
	line_add_number(&w, "activity-octets", m->activity_octets);
	return line_end(&w);
}

static bool write_frontier(const struct memory *m, struct buf *out)
{
	struct line_writer w;

	for (unsigned i = 0; i < TREE_LEVELS; i++) {
		if (!(m->tree.size >> i & 1))
			continue;
		line_begin(&w, out, "frontier");
		line_add_number(&w, "level", i);
		line_add_hex(&w, "hash", m->tree.frontier[i], DIGEST_SIZE);
		if (!line_end(&w))
			return false;
	}
	return true;
}

static bool write_spools(const struct memory *m, struct buf *out)
{
	struct line_writer w;

	for (size_t i = 0; i < m->n_spools; i++) {
		line_begin(&w, out, "spool");
		line_add(&w, "name", m->spools[i].name);
		line_add_number(&w, "offset", m->spools[i].offset);
		if (m->spools[i].has_before)
			line_add_hex(&w, "before", m->spools[i].before,
				     DIGEST_SIZE);
		if (!line_end(&w))
			return false;
	}
	return true;
}

static bool write_keys(const struct memory *m, struct buf *out)
{
	struct line_writer w;

	for (size_t i = 0; i < m->n_keys; i++) {
		line_begin(&w, out, "key");
		line_add(&w, "session-key", m->keys[i]);
		if (!line_end(&w))
			return false;
	}
	return true;
}

static const char *word_key(bool refused)
{
	return refused ? "reason" : "outcome";
}

static bool write_counts(const struct memory *m, struct buf *out)
{
	struct line_writer w;

	for (size_t i = 0; i < m->n_counts; i++) {
		const struct memory_count *c = &m->counts[i];

		line_begin(&w, out, c->refused ? "refused" : "count");
		line_add(&w, "program", c->program);
		line_add(&w, word_key(c->refused), c->word);
		line_add_number(&w, "count", c->count);
		if (!line_end(&w))
			return false;
	}
	return true;
}

static bool write_former(const struct memory *m, struct buf *out)
{
	const struct entry_before *b = &m->before;
	struct line_writer w;

	if (m->stage == MEMORY_SETTLED)
		return true;
	line_begin(&w, out, "former");
	line_add_number(&w, "stage", m->stage);
	line_add(&w, "act", b->act);
	entry_write_before(&w, "origin", b);
	line_add(&w, "reason", b->reason);
	return line_end(&w);
}

static bool write_look(const struct memory *m, struct buf *out)
{
	const struct memory_look *look = &m->look;
	struct line_writer w;

	if (!look->at)
		return true;
	line_begin(&w, out, "look");
	line_add_time(&w, "at", look->at);
	line_add_number(&w, "parts", look->parts);
	line_add_number(&w, "left", look->left);
	line_add(&w, "after", look->after);
	line_add_number(&w, "missing", look->missing);
	line_add_number(&w, "differs", look->differs);
	return line_end(&w);
}

static bool write_held(const struct memory *m, struct buf *out)
{
	struct line_writer w;

	if (!m->held_since)
		return true;
	line_begin(&w, out, "held");
	line_add_time(&w, "since", m->held_since);
	return line_end(&w);
}

bool memory_write(const struct memory *m, struct buf *out)
{
	return write_head(m, out) && write_former(m, out) &&
	       write_look(m, out) && write_held(m, out) &&
	       write_frontier(m, out) && write_spools(m, out) &&
	       write_keys(m, out) && write_counts(m, out) &&
	       buf_adds(out, "end\n");
}

/* --- reading ---------------------------------------------------------------
 */

/* A memory being read, and what must fit together at its end. */
struct parser {
	struct memory *memory;
	uint8_t root[DIGEST_SIZE];
	uint64_t levels; /* of the frontier, a bit each */
	bool ended;
};

static bool parse_head(struct parser *p, struct line *l)
{
	struct memory *m = p->memory;
	uint64_t version, closed;
	bool good =
		line_is(l, "memory") &&
		line_take_number(l, "version", 1, &version) && version == 1 &&
		line_take(l, "origin", m->origin, sizeof(m->origin)) &&
		note_name_valid(m->origin) &&
		line_take_number(l, "size", INT64_MAX, &m->tree.size) &&
		line_take_number(l, "octets", INT64_MAX, &m->octets) &&
		line_take_hex(l, "root", p->root, sizeof(p->root)) &&
		line_take(l, "boot", m->boot, sizeof(m->boot)) &&
		line_take_number(l, "signed", INT64_MAX, &m->signed_size) &&
		line_take_time(l, "signed-at", &m->signed_when) &&
		line_take_number(l, "host", INT64_MAX, &m->host_size) &&
		line_take_time(l, "host-at", &m->host_when) &&
		line_take_time(l, "hour", &m->hour) &&
		line_take_number(l, "closed", 1, &closed) &&
		line_take(l, "activity", m->activity, sizeof(m->activity)) &&
		line_take_number(l, "activity-octets", INT64_MAX,
				 &m->activity_octets);

	m->closed = good && closed;
	return good;
}

static bool parse_frontier(struct parser *p, struct line *l)
{
	uint8_t hash[DIGEST_SIZE];
	uint64_t level;

	if (!line_take_number(l, "level", TREE_LEVELS - 1, &level) ||
	    !line_take_hex(l, "hash", hash, sizeof(hash)))
		return false;
	memcpy(p->memory->tree.frontier[level], hash, sizeof(hash));
	p->levels |= UINT64_C(1) << level;
	return true;
}

static bool parse_spool(struct parser *p, struct line *l)
{
	char name[ENTRY_SPOOL_SIZE];
	uint8_t before[DIGEST_SIZE];
	uint64_t offset;
	bool has_before;

	if (!line_take(l, "name", name, sizeof(name)) ||
	    !line_take_number(l, "offset", INT64_MAX, &offset))
		return false;
	has_before = line_next_is(l, "before");
	if (has_before && !line_take_hex(l, "before", before, sizeof(before)))
		return false;
	return memory_set_offset(p->memory, name, offset,
				 has_before ? before : NULL);
}

static bool parse_former(struct parser *p, struct line *l)
{
	struct entry_before *b = &p->memory->before;
	uint64_t stage;

	if (!line_take_number(l, "stage", MEMORY_DROPPING, &stage) || !stage ||
	    !line_take(l, "act", b->act, sizeof(b->act)) ||
	    !entry_parse_before(l, "origin", b) ||
	    !line_take(l, "reason", b->reason, sizeof(b->reason)))
		return false;
	p->memory->stage = (enum memory_stage)stage;
	return true;
}

static bool parse_look(struct parser *p, struct line *l)
{
	struct memory_look *look = &p->memory->look;

	return line_take_time(l, "at", &look->at) &&
	       line_take_number(l, "parts", INT64_MAX, &look->parts) &&
	       line_take_number(l, "left", look->parts, &look->left) &&
	       line_take(l, "after", look->after, sizeof(look->after)) &&
	       line_take_number(l, "missing", INT64_MAX, &look->missing) &&
	       line_take_number(l, "differs", INT64_MAX, &look->differs);
}

static bool parse_held(struct parser *p, struct line *l)
{
	return line_take_time(l, "since", &p->memory->held_since);
}

static bool parse_key(struct parser *p, struct line *l)
{
	char key[ENTRY_SESSION_KEY_LEN + 1];

	if (!line_take(l, "session-key", key, sizeof(key)) ||
	    p->memory->n_keys == MEMORY_KEYS_MAX)
		return false;
	memory_add_key(p->memory, key);
	return true;
}

static bool parse_counted(struct parser *p, struct line *l, bool refused)
{
	struct memory *m = p->memory;
	struct memory_count *c = &m->counts[m->n_counts];

	if (m->n_counts == MEMORY_COUNTS_MAX ||
	    !line_take(l, "program", c->program, sizeof(c->program)) ||
	    !line_take(l, word_key(refused), c->word, sizeof(c->word)) ||
	    !line_take_number(l, "count", INT64_MAX, &c->count))
		return false;
	c->refused = refused;
	m->n_counts++;
	return true;
}

static bool parse_count(struct parser *p, struct line *l)
{
	return parse_counted(p, l, false);
}

static bool parse_refused(struct parser *p, struct line *l)
{
	return parse_counted(p, l, true);
}

static bool parse_end(struct parser *p, UNUSED struct line *l)
{
	p->ended = true;
	return true;
}

static const struct {
	const char *kind;
	bool (*parse)(struct parser *p, struct line *l);
} kinds[] = {
	{"former", parse_former}, {"frontier", parse_frontier},
	{"look", parse_look},	  {"spool", parse_spool},
	{"key", parse_key},	  {"count", parse_count},
	{"held", parse_held},	  {"refused", parse_refused},
	{"end", parse_end},
};

static bool parse_line(struct parser *p, const char *text, size_t n, bool first)
{
	struct line l;

	if (p->ended || !line_parse(text, n, &l))
		return false;
	if (first)
		return parse_head(p, &l) && line_is_done(&l);
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
		if (line_is(&l, kinds[i].kind))
			return kinds[i].parse(p, &l) && line_is_done(&l);
	return false;
}

/* Whoever wrote it had this tree. */
static bool fits(const struct parser *p)
{
	uint8_t root[DIGEST_SIZE];

	if (!p->ended || p->levels != p->memory->tree.size)
		return false;
	tree_root(&p->memory->tree, root);
	return memcmp(root, p->root, sizeof(root)) == 0;
}

bool memory_parse(const char *text, size_t n, struct memory *m_r)
{
	struct parser p = {.memory = m_r};
	const char *at = text, *end = text + n, *line;
	bool first = true;
	size_t length;

	*m_r = (struct memory){.octets = 0};
	if (n > MEMORY_OCTETS_MAX)
		return false;
	for (; spool_next_line(&at, end, &line, &length); first = false)
		if (!parse_line(&p, line, length, first))
			return false;
	return at == end && fits(&p);
}
