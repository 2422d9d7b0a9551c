/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is in the mailbox, and which of it shall go: STAT, LIST, UIDL, DELE,
 * RSET. Works on the snapshot of the login alone; nothing is deleted here.
 */
#include "common/base.h"
#include "handlers/pop3_serve/state.h"

#include <inttypes.h>

static const struct reply reply_marked = {"+OK", "", "Marked for deletion", 0};
static const struct reply reply_reset = {"+OK", "", "Nothing is marked", 0};

/* Messages and octets that are not marked (RFC 1939 5, STAT). */
static size_t count_unmarked(struct pop3_serve *s, uint64_t *octets_r)
{
	size_t count = 0;

	*octets_r = 0;
	for (size_t i = 0; i < collection_count(s->mail); i++) {
		const struct message m = collection_message(s->mail, i);

		if (m.marked)
			continue;
		count++;
		*octets_r += m.octets;
	}
	return count;
}

const struct reply *pop3_serve_stat(void *session, const char *arg UNUSED)
{
	struct pop3_serve *s = session;
	uint64_t octets;
	size_t count = count_unmarked(s, &octets);

	conn_printf(s->conn, "+OK %zu %" PRIu64 "\r\n", count, octets);
	return &reply_sent;
}

/* How LIST and UIDL write one message: alone behind +OK, or in the listing. */
typedef void write_entry(struct conn *c, size_t number,
			 const struct message *m);

static void write_size(struct conn *c, size_t number, const struct message *m)
{
	conn_printf(c, "%zu %" PRIu64 "\r\n", number, m->octets);
}

static void write_ulid(struct conn *c, size_t number, const struct message *m)
{
	conn_printf(c, "%zu %s\r\n", number, m->ulid);
}

static const struct reply *list_one(struct pop3_serve *s, const char *arg,
				    write_entry *write)
{
	const struct reply *refusal;
	struct message m;
	size_t i;

	refusal = pop3_serve_find_message(s, arg, strlen(arg), &i);
	if (refusal)
		return refusal;
	m = collection_message(s->mail, i);
	conn_printf(s->conn, "+OK ");
	write(s->conn, i + 1, &m);
	return &reply_sent;
}

static const struct reply *list_all(struct pop3_serve *s, write_entry *write)
{
	uint64_t octets;
	size_t count = count_unmarked(s, &octets);

	pop3_serve_expect_long_answer(s);
	conn_printf(s->conn, "+OK %zu messages (%" PRIu64 " octets)\r\n", count,
		    octets);
	for (size_t i = 0; i < collection_count(s->mail); i++) {
		const struct message m = collection_message(s->mail, i);

		if (!m.marked)
			write(s->conn, i + 1, &m);
	}
	conn_printf(s->conn, ".\r\n");
	return &reply_sent;
}

const struct reply *pop3_serve_list(void *session, const char *arg)
{
	struct pop3_serve *s = session;

	return *arg ? list_one(s, arg, write_size) : list_all(s, write_size);
}

const struct reply *pop3_serve_uidl(void *session, const char *arg)
{
	struct pop3_serve *s = session;

	return *arg ? list_one(s, arg, write_ulid) : list_all(s, write_ulid);
}

const struct reply *pop3_serve_dele(void *session, const char *arg)
{
	struct pop3_serve *s = session;
	const struct reply *refusal;
	size_t i;

	refusal = pop3_serve_find_message(s, arg, strlen(arg), &i);
	if (refusal)
		return refusal;
	collection_mark(s->mail, i, true);
	s->marked++;
	return &reply_marked;
}

const struct reply *pop3_serve_rset(void *session, const char *arg UNUSED)
{
	struct pop3_serve *s = session;

	for (size_t i = 0; i < collection_count(s->mail); i++)
		collection_mark(s->mail, i, false);
	s->marked = 0;
	return &reply_reset;
}
