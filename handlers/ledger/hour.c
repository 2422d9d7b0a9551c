/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turns the counts of an hour into entries. */
#include "common/base.h"
#include "handlers/ledger/hour.h"

enum { HOUR = 3600 };

int hour_end(struct book *b, int64_t now, struct err *e)
{
	struct memory *m = &b->memory;
	int64_t hour = now - now % HOUR;

	if (m->hour == hour)
		return 0;
	for (size_t i = 0; i < m->n_counts; i++) {
		struct entry entry = {.kind = ENTRY_SESSIONS};
		struct entry_sessions *to = &entry.sessions;

		to->from = m->hour;
		memcpy(to->program, m->counts[i].program, sizeof(to->program));
		memcpy(to->outcome, m->counts[i].outcome, sizeof(to->outcome));
		to->count = m->counts[i].count;
		if (book_add_entry(b, &entry, e) < 0)
			return -1;
	}
	m->n_counts = 0;
	m->hour = hour;
	return 0;
}
