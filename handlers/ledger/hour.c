/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turns the counts of an hour into entries. */
#include "common/base.h"
#include "handlers/ledger/hour.h"

enum { HOUR = 3600 };

static struct entry refused(const struct memory_count *c, int64_t from)
{
	struct entry entry = {.kind = ENTRY_REFUSED,
			      .refused = {.from = from, .count = c->count}};

	memcpy(entry.refused.program, c->program, sizeof(c->program));
	memcpy(entry.refused.reason, c->word, sizeof(c->word));
	return entry;
}

static struct entry sessions(const struct memory_count *c, int64_t from)
{
	struct entry entry = {.kind = ENTRY_SESSIONS,
			      .sessions = {.from = from, .count = c->count}};

	memcpy(entry.sessions.program, c->program, sizeof(c->program));
	snprintf(entry.sessions.outcome, sizeof(entry.sessions.outcome), "%.*s",
		 ENTRY_WORD_SIZE - 1, c->word);
	return entry;
}

int hour_enter(struct book *b, struct err *e)
{
	struct memory *m = &b->memory;

	for (size_t i = 0; i < m->n_counts; i++) {
		const struct memory_count *c = &m->counts[i];
		const struct entry entry =
			c->refused ? refused(c, m->hour) : sessions(c, m->hour);

		if (book_add_entry(b, &entry, e) < 0)
			return -1;
	}
	m->n_counts = 0;
	return 0;
}

int hour_end(struct book *b, int64_t now, struct err *e)
{
	int64_t hour = now - now % HOUR;

	if (b->memory.hour == hour)
		return 0;
	if (hour_enter(b, e) < 0)
		return -1;
	b->memory.hour = hour;
	return 0;
}
