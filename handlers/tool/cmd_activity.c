/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `activity`: the sessions of mailboxes, as their spools have them. */
#include "common/base.h"

#include <inttypes.h>
#include <time.h>

#include "common/iso_time.h"
#include "common/utf8.h"
#include "handlers/tool/args.h"
#include "handlers/tool/command.h"
#include "handlers/tool/json.h"
#include "handlers/tool/store.h"
#include "handlers/tool/text.h"

enum { DAY = 86400 };

struct query {
	int64_t since, until;
	const char *outcome; /* NULL: any */
	bool as_json;
	struct json json;
};

static bool is_wanted(const struct query *q, const struct activity_line *l)
{
	return !q->outcome || strcmp(l->outcome, q->outcome) == 0;
}

/* The keys of the log's session lines (docs/json.md). */
static void print_object(struct json *j, const char *id,
			 const struct activity_line *l)
{
	json_object_begin(j);
	json_time(j, "time", l->when);
	json_text(j, "mailbox", id);
	json_text(j, "program", l->program);
	json_text(j, "peer", l->peer);
	json_text(j, "outcome", l->outcome);
	json_number(j, "messages", l->messages);
	json_number(j, "octets", l->octets);
	if (l->reason[0])
		json_text(j, "reason", l->reason);
	json_object_end(j);
}

/* The peer stands last: it alone may be long, and 80 columns are enough. */
static void print_for_people(const struct activity_line *l)
{
	char when[24], program[16], outcome[16], size[16], peer[64];

	printf("%-20s %-12s %-11s %6" PRIu64 " %9s  %s\n",
	       tool_time(l->when, when),
	       utf8_plain(l->program, program, sizeof(program)),
	       utf8_plain(l->outcome, outcome, sizeof(outcome)), l->messages,
	       tool_size(l->octets, size),
	       utf8_plain(l->peer, peer, sizeof(peer)));
}

static void print_heading(const struct mailbox *m)
{
	const struct mailbox_conf *c = mailbox_settings(m);

	printf("%s (%s)\n%-20s %-12s %-11s %6s %9s  %s\n", c->id, c->name,
	       "TIME", "PROGRAM", "OUTCOME", "MAILS", "SIZE", "PEER");
}

/* A mailbox without sessions is not named. */
static void print_list(struct query *q, const struct mailbox *m,
		       const struct activity_list *list)
{
	bool any = false;

	for (size_t i = list->n; i-- > 0;) {
		const struct activity_line *l = &list->list[i];

		if (!is_wanted(q, l))
			continue;
		if (q->as_json) {
			print_object(&q->json, mailbox_settings(m)->id, l);
			continue;
		}
		if (!any)
			print_heading(m);
		print_for_people(l);
		any = true;
	}
	if (any)
		putchar('\n');
}

/* The oldest first: what is new stands at the end of a terminal. */
static int print_mailbox(const char *id UNUSED, struct mailbox *m, void *arg,
			 struct err *e)
{
	struct query *q = arg;
	struct activity_list list = {.list = NULL};

	if (!m || mailbox_activity(m, q->since, q->until, &list, e) < 0)
		return -1;
	print_list(q, m, &list);
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
		.as_json = tool_has(a, "json"),
	};
	q_r->since = q_r->until - (int64_t)ACTIVITY_DAYS * DAY;
	if (since && !iso_time_parse(since, &q_r->since))
		return err_set(e, ERR_CONFIG,
			       "--since %s: expected a time as "
			       "2026-08-01T12:00:00Z",
			       since);
	return 0;
}

static int print_one(struct tool *t, const char *id, struct query *q,
		     struct err *e)
{
	struct mailbox *m = tool_mailbox(t, id, e);
	int result;

	if (!m)
		return -1;
	result = print_mailbox(mailbox_settings(m)->id, m, q, e);
	mailbox_close(&m);
	return result;
}

TOOL_RUN(activity)
{
	struct query q;
	int result;

	if (read_query(a, &q, e) < 0)
		return -1;
	if (q.as_json)
		json_array_begin(&q.json);
	result = a->n_words ? print_one(t, a->words[0], &q, e)
			    : tool_each_mailbox(t, print_mailbox, &q, e);
	if (q.as_json)
		json_array_end(&q.json);
	return result;
}
