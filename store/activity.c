/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sessions of a mailbox, for a person: those that a ledger has taken, and
 * what lies in the spools beyond. Handlers wrote them: a line that is not right
 * is left out, and there is a most of them.
 */
#include "common/base.h"
#include "store/store.h"

#include "common/log.h"
#include "store/entered.h"
#include "store/ledger/reason.h"
#include "store/spool.h"

static const char word[] = "activity ";

struct search {
	int64_t since, until;
	struct activity_list *found;
};

static bool is_activity(const char *text, size_t n)
{
	return n > sizeof(word) - 1 &&
	       memcmp(text, word, sizeof(word) - 1) == 0;
}

static void add(struct activity_list *l, const struct entry_activity *a)
{
	struct activity_line *line;

	l->list = xgrow(l->list, l->n, sizeof(*l->list));
	line = &l->list[l->n++];
	*line = (struct activity_line){
		.when = a->when, .messages = a->messages, .octets = a->octets};
	memcpy(line->program, a->program, sizeof(line->program));
	memcpy(line->peer, a->peer, sizeof(line->peer));
	memcpy(line->outcome, a->outcome, sizeof(line->outcome));
	if (a->reason[0])
		snprintf(line->reason, sizeof(line->reason), "%s",
			 reason_word(a->reason));
}

static int newest_first(const void *a, const void *b)
{
	const struct activity_line *x = a, *y = b;

	return x->when == y->when ? 0 : x->when < y->when ? 1 : -1;
}

/* Drops the older half, so that a full list costs little for each line. */
static void keep_newest(struct activity_list *l)
{
	qsort(l->list, l->n, sizeof(*l->list), newest_first);
	l->n = ACTIVITY_LINES_MAX;
	l->more = true;
}

static void take_line(void *arg, const char *text, size_t n)
{
	struct search *s = arg;
	struct entry e;

	if (!is_activity(text, n) || !entry_parse(text, n, &e) ||
	    e.kind != ENTRY_ACTIVITY || e.activity.when < s->since ||
	    e.activity.when > s->until)
		return;
	add(s->found, &e.activity);
	if (s->found->n == 2 * ACTIVITY_LINES_MAX)
		keep_newest(s->found);
}

int mailbox_activity(struct mailbox *m, int64_t since, int64_t until,
		     struct activity_list *list_r, struct err *e)
{
	struct search s = {since, until, list_r};
	const struct spool_visitor v = {.line = take_line, .arg = &s};
	struct entered *had = xmalloc(sizeof(*had));
	int result = -1;

	*list_r = (struct activity_list){.list = NULL};
	entered_read(m, had);
	if (entered_sessions(m, since, &v, e) == 0)
		result = spool_read_beyond(m, &had->places, &v, e);
	free(had);
	if (result < 0) {
		activity_release(list_r);
		return -1;
	}
	if (list_r->n > ACTIVITY_LINES_MAX)
		keep_newest(list_r);
	else if (list_r->n)
		qsort(list_r->list, list_r->n, sizeof(*list_r->list),
		      newest_first);
	return 0;
}

void activity_release(struct activity_list *l)
{
	free(l->list);
	*l = (struct activity_list){.list = NULL};
}
