/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `mailbox list`: all of them or some, by their ids or in another order, for
 * people and for scripts. Changes nothing.
 */
#include "common/base.h"
#include "handlers/tool/command.h"

#include <inttypes.h>
#include <strings.h>
#include <time.h>

#include "common/mailbox_id.h"
#include "common/log.h"
#include "handlers/admin/health.h"
#include "handlers/tool/mailbox_json.h"
#include "handlers/tool/store.h"
#include "handlers/tool/text.h"

/* --- one ------------------------------------------------------------------ */

/* "id status messages bytes received collected name", interface.md. */
static void list_porcelain(const struct mailbox_conf *c,
			   const struct counters *n)
{
	char received[24], collected[24];

	printf("%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%s\t%s\t%s\n", c->id,
	       mailbox_status_text(c), n->messages, n->octets,
	       tool_time(n->last_received, received),
	       tool_time(n->last_collected, collected), c->name);
}

/*
 * One that takes no more, or lets nothing go, says so where it would say that
 * it is active.
 */
static const char *standing_of(const struct mailbox_conf *c,
			       const struct counters *n)
{
	struct limits_used u;

	limits_used(c, n, time(NULL), &u);
	switch (c->suspended ? LIMIT_FAR : health_of_limits(&u)) {
	case LIMIT_NEAR:
		return "near full";
	case LIMIT_REACHED:
		return "full";
	default:
		return c->hold && !c->suspended ? "held"
						: mailbox_status_text(c);
	}
}

static void list_for_people(const struct mailbox_conf *c,
			    const struct counters *n)
{
	char size[16], received[24], collected[24];

	printf("%-36s %-9s %8" PRIu64 " %8s %-20s %-20s %s\n", c->id,
	       standing_of(c, n), n->messages, tool_size(n->octets, size),
	       tool_time(n->last_received, received),
	       tool_time(n->last_collected, collected), c->name);
}

struct list {
	bool porcelain, as_json;
	const char *status, *name; /* NULL: any */
	struct json json;
};

static bool is_wanted(const struct list *l, const struct mailbox_conf *c)
{
	if (l->status && strcmp(l->status, mailbox_status_text(c)) != 0)
		return false;
	return !l->name || strcasestr(c->name, l->name);
}

static int list_mailbox(const char *id UNUSED, struct mailbox *m, void *arg,
			struct err *e)
{
	struct list *l = arg;
	struct counters n;

	if (!m)
		return -1;
	if (!is_wanted(l, mailbox_settings(m)))
		return 0;
	if (mailbox_counters(m, &n, e) < 0)
		return -1;
	if (l->as_json)
		mailbox_write_json(&l->json, mailbox_settings(m), &n);
	else if (l->porcelain)
		list_porcelain(mailbox_settings(m), &n);
	else
		list_for_people(mailbox_settings(m), &n);
	return 0;
}

/* --- in another order ----------------------------------------------------- */

enum sort_key { SORT_ID, SORT_NAME, SORT_NUMBER };

/* The keys are columns of --porcelain. */
static const struct order {
	const char *name;
	enum sort_key key;
	size_t offset; /* SORT_NUMBER: 64 bits of struct counters */
} orders[] = {
	{"id", SORT_ID, 0},
	{"name", SORT_NAME, 0},
	{"messages", SORT_NUMBER, offsetof(struct counters, messages)},
	{"bytes", SORT_NUMBER, offsetof(struct counters, octets)},
	{"received", SORT_NUMBER, offsetof(struct counters, last_received)},
	{"collected", SORT_NUMBER, offsetof(struct counters, last_collected)},
};

static const struct order *find_order(const char *name, struct err *e)
{
	for (size_t i = 0; i < N_ELEMENTS(orders); i++)
		if (strcmp(orders[i].name, name) == 0)
			return &orders[i];
	err_set(e, ERR_CONFIG,
		"--sort %s: expected id, name, messages, bytes, received or "
		"collected",
		name);
	return NULL;
}

/* Mailboxes are opened again to be printed: open, many are too many files. */
struct place {
	char id[MAILBOX_ID_LEN + 1];
	char *name;
	uint64_t number;
};

struct places {
	const struct order *order;
	struct place *list;
	size_t n;
};

static int note_place(const char *id, struct mailbox *m, void *arg,
		      struct err *e)
{
	struct places *p = arg;
	struct place *new;
	struct counters n;

	if (!m || mailbox_counters(m, &n, e) < 0)
		return -1;
	p->list = xgrow(p->list, p->n, sizeof(*p->list));
	new = &p->list[p->n++];
	*new = (struct place){.name = xstrdup(mailbox_settings(m)->name)};
	memcpy(new->id, id, sizeof(new->id));
	if (p->order->key == SORT_NUMBER)
		memcpy(&new->number, (const char *)&n + p->order->offset,
		       sizeof(new->number));
	return 0;
}

/* The smallest, the oldest first: what stands out is at the end of a terminal,
 * as in `activity`. */
static int compare_places(const void *a, const void *b)
{
	const struct place *p = a, *q = b;
	int by_name = strcmp(p->name, q->name);

	if (p->number != q->number)
		return p->number < q->number ? -1 : 1;
	return by_name ? by_name : strcmp(p->id, q->id);
}

static int list_place(struct tool *t, const char *id, struct list *l,
		      struct err *e)
{
	struct mailbox *m = mailbox_open(t->store, id, e);
	int result;

	if (!m)
		return e->kind == ERR_ABSENT ? 0 : -1;
	result = list_mailbox(id, m, l, e);
	mailbox_close(&m);
	return result;
}

/* Those that cannot be read have been told when their places were noted. */
static int list_in_order(struct tool *t, const struct order *order,
			 struct list *l, struct err *e)
{
	struct places p = {.order = order};
	int result = tool_each_mailbox(t, note_place, &p, e);

	if (p.n)
		qsort(p.list, p.n, sizeof(*p.list), compare_places);
	for (size_t i = 0; i < p.n; i++) {
		if (list_place(t, p.list[i].id, l, e) < 0)
			result = -1;
		free(p.list[i].name);
	}
	free(p.list);
	return result;
}

/* --- the command ---------------------------------------------------------- */

static int check_status(const char *status, struct err *e)
{
	if (!status || strcmp(status, "active") == 0 ||
	    strcmp(status, "suspended") == 0)
		return 0;
	return err_set(e, ERR_CONFIG,
		       "--status %s: expected active or suspended", status);
}

static void begin_list(struct list *l)
{
	if (l->as_json)
		json_array_begin(&l->json);
	else if (!l->porcelain)
		printf("%-36s %-9s %8s %8s %-20s %-20s %s\n", "ID", "STATUS",
		       "MESSAGES", "SIZE", "RECEIVED", "COLLECTED", "NAME");
}

TOOL_RUN(list)
{
	struct list l = {.porcelain = tool_has(a, "porcelain"),
			 .as_json = tool_has(a, "json"),
			 .status = tool_value(a, "status"),
			 .name = tool_value(a, "name")};
	const char *sort = tool_value(a, "sort");
	const struct order *order = find_order(sort ? sort : "id", e);
	int result;

	if (!order || check_status(l.status, e) < 0)
		return -1;
	begin_list(&l);
	result = order->key == SORT_ID
			 ? tool_each_mailbox(t, list_mailbox, &l, e)
			 : list_in_order(t, order, &l, e);
	if (l.as_json)
		json_array_end(&l.json);
	return result;
}
