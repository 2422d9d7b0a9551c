/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What there is, for people and for scripts. Changes nothing. */
#include "common/base.h"
#include "handlers/tool/command.h"

#include <inttypes.h>
#include <time.h>

#include "common/iso_time.h"
#include "handlers/admin/health.h"
#include "handlers/tool/json.h"
#include "handlers/tool/store.h"
#include "handlers/tool/text.h"

static const char *status_of(const struct mailbox_conf *c)
{
	return c->suspended ? "suspended" : "active";
}

/* --- for programs --------------------------------------------------------- */

static void json_strings(struct json *j, const char *key,
			 const struct conf_strings *s)
{
	json_texts(j, key, (const char *const *)s->list, s->n);
}

static void json_settings(struct json *j, const struct mailbox_conf *c)
{
	json_text(j, "id", c->id);
	json_text(j, "name", c->name);
	json_text(j, "description", c->description);
	json_text(j, "status", status_of(c));
	json_time(j, "created", c->created);
	json_strings(j, "recipients", &c->recipients);
	json_strings(j, "targets", &c->targets);
	json_text(j, "copies",
		  c->journal_report ? "journal-report" : "original");
	json_strings(j, "allow-from", &c->allow_from_text);
	json_strings(j, "client-names", &c->client_names);
	json_number(j, "quota", c->quota);
	json_number(j, "rate", c->rate);
	json_number(j, "undo", c->undo);
	json_bool(j, "hold", c->hold);
	json_number(j, "expire", c->expire);
}

static void json_counters(struct json *j, const struct counters *n)
{
	json_number(j, "messages", n->messages);
	json_number(j, "bytes", n->octets);
	json_time(j, "oldest", n->oldest);
	json_time(j, "received", n->last_received);
	json_time(j, "collected", n->last_collected);
	json_number(j, "deleted", n->deleted_messages);
	json_number(j, "deleted-octets", n->deleted_octets);
	json_number(j, "octets-of-the-hour",
		    counters_of_the_hour(n, time(NULL)));
}

static void json_mailbox(struct json *j, const struct mailbox_conf *c,
			 const struct counters *n)
{
	json_object_begin(j);
	json_settings(j, c);
	json_counters(j, n);
	json_object_end(j);
}

/* --- list ----------------------------------------------------------------- */

/* "id status messages bytes received collected name", interface.md. */
static void list_porcelain(const struct mailbox_conf *c,
			   const struct counters *n)
{
	char received[24], collected[24];

	printf("%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%s\t%s\t%s\n", c->id,
	       status_of(c), n->messages, n->octets,
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
		return c->hold && !c->suspended ? "held" : status_of(c);
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
	struct json json;
};

static int list_mailbox(const char *id UNUSED, struct mailbox *m, void *arg,
			struct err *e)
{
	struct list *l = arg;
	struct counters n;

	if (!m || mailbox_counters(m, &n, e) < 0)
		return -1;
	if (l->as_json)
		json_mailbox(&l->json, mailbox_settings(m), &n);
	else if (l->porcelain)
		list_porcelain(mailbox_settings(m), &n);
	else
		list_for_people(mailbox_settings(m), &n);
	return 0;
}

TOOL_RUN(list)
{
	struct list l = {.porcelain = tool_has(a, "porcelain"),
			 .as_json = tool_has(a, "json")};
	int result;

	if (l.as_json)
		json_array_begin(&l.json);
	else if (!l.porcelain)
		printf("%-36s %-9s %8s %8s %-20s %-20s %s\n", "ID", "STATUS",
		       "MESSAGES", "SIZE", "RECEIVED", "COLLECTED", "NAME");
	result = tool_each_mailbox(t, list_mailbox, &l, e);
	if (l.as_json)
		json_array_end(&l.json);
	return result;
}

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
	line("status", status_of(c));
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
	json_mailbox(&j, mailbox_settings(m), n);
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

/* --- settings of other programs ------------------------------------------- */

static void print_collecting(const struct tool *t, const char *id)
{
	printf("Where the archive collects (POP3, always under TLS):\n"
	       "  server    %s\n"
	       "  port      995 with TLS, or 110 with STARTTLS (STLS)\n"
	       "  user      %s\n"
	       "  password  the one shown when it was made; a new one comes "
	       "from\n"
	       "            restante mailbox passwd %s\n\n",
	       t->conf->hostname, id, id);
}

static void print_journal(const struct tool *t, const char *id)
{
	printf("Where a mail server sends a copy of every message (SMTP, "
	       "port 25):\n"
	       "  address   %s@%s\n"
	       "  server    %s%s\n\n",
	       id, t->conf->domain, t->conf->hostname,
	       t->conf->smtp_journal.require_tls ? ", with STARTTLS" : "");
}

static void print_proxies(const struct tool *t, const struct mailbox_conf *c)
{
	printf("How a mail client goes through the proxies, so that copies are "
	       "kept:\n"
	       "  outgoing  %s, port 587 with STARTTLS or 465 with TLS\n"
	       "  incoming  %s, port 995 with TLS or 110 with STARTTLS\n"
	       "  user      USER%%SERVER%%%s\n"
	       "            USER and SERVER being those of the real account\n"
	       "  password  that of the real account\n",
	       t->conf->hostname, t->conf->hostname, c->id);
	if (c->targets.n == 0)
		printf("No server may be reached yet: restante mailbox target "
		       "add %s SERVER\n",
		       c->id);
	else
		puts("Servers that may be reached:");
	for (size_t i = 0; i < c->targets.n; i++)
		printf("  %s\n", c->targets.list[i]);
}

TOOL_RUN(settings)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	const struct mailbox_conf *c;

	if (!m)
		return -1;
	c = mailbox_settings(m);
	printf("%s\n\n", c->name);
	print_collecting(t, c->id);
	print_journal(t, c->id);
	print_proxies(t, c);
	mailbox_close(&m);
	return 0;
}
