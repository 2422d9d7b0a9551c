/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A mailbox, for people and for scripts. Changes nothing. */
#include "common/base.h"
#include "handlers/tool/command.h"

#include <inttypes.h>
#include <time.h>

#include "handlers/tool/json.h"
#include "handlers/tool/mailbox_json.h"
#include "handlers/tool/store.h"
#include "handlers/tool/text.h"

/* --- show ----------------------------------------------------------------- */

static void line(const char *key, const char *value)
{
	printf("%s: %s\n", key, value);
}

static void number(const char *key, uint64_t value)
{
	printf("%s: %" PRIu64 "\n", key, value);
}

static void when(const char *key, int64_t seconds)
{
	char text[24];

	line(key, tool_time(seconds, text));
}

static void each_of(const char *key, const struct conf_strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		line(key, s->list[i]);
}

/* As `mailbox set` takes it. */
static void joined(const char *key, const struct conf_strings *s)
{
	printf("%s: ", key);
	for (size_t i = 0; i < s->n; i++)
		printf("%s%s", i ? "," : "", s->list[i]);
	putchar('\n');
}

/* alias: "" where there is none, and no line either. */
static void show_settings(const struct tool *t, const struct mailbox_conf *c,
			  const char *alias)
{
	line("id", c->id);
	if (*alias)
		line("alias", alias);
	printf("address: %s@%s\n", c->id, t->conf->domain);
	line("name", c->name);
	line("description", c->description);
	line("status", mailbox_status_text(c));
	when("created", c->created);
	each_of("recipient", &c->recipients);
	each_of("target", &c->targets);
	line("copies", c->journal_report ? "journal-report" : "original");
	joined("allow-from", &c->allow_from_text);
	joined("client-names", &c->client_names);
	number("quota", c->quota);
	number("rate", c->rate);
	number("undo", c->undo);
	line("hold", c->hold ? "true" : "false");
	number("expire", c->expire);
}

static void show_counters(const struct counters *n, bool porcelain)
{
	char size[16];

	number("messages", n->messages);
	if (porcelain)
		number("bytes", n->octets);
	else
		line("size", tool_size(n->octets, size));
	when("oldest", n->oldest);
	when("received", n->last_received);
	when("collected", n->last_collected);
	number("deleted", n->deleted_messages);
	number("deleted-octets", n->deleted_octets);
	number("octets-of-the-hour", counters_of_the_hour(n, time(NULL)));
}

/* An array of one, as `list` has it. */
static void show_json(const struct mailbox *m, const struct counters *n)
{
	struct json j;

	json_array_begin(&j);
	mailbox_write_json(&j, mailbox_settings(m), n);
	json_array_end(&j);
}

TOOL_RUN(show)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	char alias[MAILBOX_ALIAS_LEN + 1];
	struct counters n;

	if (!m)
		return -1;
	if (mailbox_counters(m, &n, e) < 0 ||
	    store_alias_of(t->store, mailbox_settings(m)->id, alias, e) < 0) {
		mailbox_close(&m);
		return -1;
	}
	if (tool_has(a, "json")) {
		show_json(m, &n);
	} else {
		show_settings(t, mailbox_settings(m), alias);
		show_counters(&n, tool_has(a, "porcelain"));
	}
	mailbox_close(&m);
	return 0;
}
