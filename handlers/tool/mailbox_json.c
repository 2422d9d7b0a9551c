/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told of a mailbox, for programs. Reads nothing. */
#include "common/base.h"
#include "handlers/tool/mailbox_json.h"

#include <time.h>

const char *mailbox_status_text(const struct mailbox_conf *c)
{
	return c->suspended ? "suspended" : "active";
}

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
	json_text(j, "status", mailbox_status_text(c));
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

void mailbox_write_json(struct json *j, const struct mailbox_conf *c,
			const struct counters *n)
{
	json_object_begin(j);
	json_settings(j, c);
	json_counters(j, n);
	json_object_end(j);
}
