/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The places as text, both ways. Touches no file. */
#include "common/base.h"
#include "store/ledger/places.h"

#include "store/ledger/spool_reader.h"

static bool write_one(const struct memory_spool *s, struct buf *out)
{
	struct line_writer w;

	line_begin(&w, out, "spool");
	line_add(&w, "name", s->name);
	line_add_number(&w, "offset", s->is_other ? 0 : s->offset);
	return line_end(&w);
}

bool places_write(const struct memory *m, struct buf *out)
{
	for (size_t i = 0; i < m->n_spools; i++)
		if (!write_one(&m->spools[i], out))
			return false;
	return buf_adds(out, "end\n");
}

static bool parse_spool(struct places *p, struct line *l)
{
	struct memory_spool *s = &p->list[p->n];

	if (p->n == MEMORY_SPOOLS_MAX)
		return false;
	*s = (struct memory_spool){.offset = 0};
	if (!line_take(l, "name", s->name, sizeof(s->name)) ||
	    !line_take_number(l, "offset", INT64_MAX, &s->offset))
		return false;
	p->n++;
	return true;
}

/* *ended_r: it was the last one. */
static bool parse_line(struct places *p, const char *text, size_t n,
		       bool *ended_r)
{
	struct line l;

	if (!line_parse(text, n, &l))
		return false;
	*ended_r = line_is(&l, "end");
	if (!*ended_r && (!line_is(&l, "spool") || !parse_spool(p, &l)))
		return false;
	return line_is_done(&l);
}

bool places_parse(const char *text, size_t n, struct places *p_r)
{
	const char *at = text, *end = text + n, *line;
	bool ended = false;
	size_t length;

	p_r->n = 0;
	while (!ended && spool_next_line(&at, end, &line, &length))
		if (!parse_line(p_r, line, length, &ended))
			break;
	if (ended && at == end)
		return true;
	p_r->n = 0;
	return false;
}

uint64_t places_offset(const struct places *p, const char *spool)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->list[i].name, spool) == 0)
			return p->list[i].offset;
	return 0;
}
