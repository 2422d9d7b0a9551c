/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `activity`: the sessions of mailboxes, as their spools have them. */
#include "common/base.h"

#include <inttypes.h>
#include <time.h>

#include "common/iso_time.h"
#include "handlers/tool/args.h"
#include "handlers/tool/command.h"
#include "handlers/tool/store.h"
#include "handlers/tool/text.h"

enum { DAY = 86400 };

struct query {
	int64_t since, until;
	const char *outcome; /* NULL: any */
};

static bool is_wanted(const struct query *q, const struct activity_line *l)
{
	return !q->outcome || strcmp(l->outcome, q->outcome) == 0;
}

/* The oldest first: what is new stands at the end of a terminal. */
static int print_mailbox(const char *id, struct mailbox *m, void *arg,
			 struct err *e)
{
	const struct query *q = arg;
	struct activity_list list = {.list = NULL};
	char when[24];

	if (!m || mailbox_activity(m, q->since, q->until, &list, e) < 0)
		return -1;
	for (size_t i = list.n; i-- > 0;) {
		const struct activity_line *l = &list.list[i];

		if (is_wanted(q, l))
			printf("%s\t%s\t%s\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\n",
			       tool_time(l->when, when), id, l->program,
			       l->peer, l->outcome, l->messages, l->octets);
	}
	activity_release(&list);
	return 0;
}

static int read_query(const struct tool_args *a, struct query *q_r,
		      struct err *e)
{
	const char *since = tool_value(a, "since");

	*q_r = (struct query){
		.until = time(NULL),
		.outcome = tool_value(a, "outcome"),
	};
	q_r->since = q_r->until - (int64_t)ACTIVITY_DAYS * DAY;
	if (since && !iso_time_parse(since, &q_r->since))
		return err_set(e, ERR_CONFIG,
			       "--since %s: expected a time as "
			       "2026-08-01T12:00:00Z",
			       since);
	return 0;
}

TOOL_RUN(activity)
{
	struct query q;
	struct mailbox *m;
	int result;

	if (read_query(a, &q, e) < 0)
		return -1;
	if (!a->n_words)
		return tool_each_mailbox(t, print_mailbox, &q, e);
	m = tool_mailbox(t, a->words[0], e);
	if (!m)
		return -1;
	result = print_mailbox(mailbox_settings(m)->id, m, &q, e);
	mailbox_close(&m);
	return result;
}
