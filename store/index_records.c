/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is done inside the index: taking in tickets, holding the records
 * against cur/, removing. Everything is done to what lies on the disk, never
 * to what somebody remembers.
 */
#include "common/base.h"
#include "store/index.h"

#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/num.h"
#include "store/fault.h"
#include "store/index_dbt.h"
#include "store/record.h"

/* --- one record ------------------------------------------------------------
 */

static void message_key(const char *ulid, uint8_t key[RECORD_MESSAGE_KEY_SIZE])
{
	key[0] = RECORD_KEY_MESSAGE;
	memcpy(key + 1, ulid, ULID_LEN);
}

/* 1: there, 0: not there, -1. */
static int get(struct index *ix, const uint8_t *key, size_t n_key, uint8_t *out,
	       size_t size, size_t *n_r, struct err *e)
{
	DBT k = dbt_of(key, n_key), v = dbt_into(out, size);
	int code = ix->db->get(ix->db, ix->txn, &k, &v, 0);

	if (code == DB_NOTFOUND)
		return 0;
	if (code != 0)
		return index_error(ix, "get", code, e);
	*n_r = v.size;
	return 1;
}

static int put(struct index *ix, const uint8_t *key, size_t n_key,
	       const void *value, size_t n, struct err *e)
{
	DBT k = dbt_of(key, n_key), v = dbt_of(value, n);
	int code = ix->db->put(ix->db, ix->txn, &k, &v, 0);

	return code == 0 ? 0 : index_error(ix, "put", code, e);
}

static int del(struct index *ix, const uint8_t *key, size_t n_key,
	       struct err *e)
{
	DBT k = dbt_of(key, n_key);
	int code = ix->db->del(ix->db, ix->txn, &k, 0);

	return code == 0 || code == DB_NOTFOUND
		       ? 0
		       : index_error(ix, "delete", code, e);
}

/* --- sequence numbers ----------------------------------------------------- */

static const uint8_t sequence_key[1] = {RECORD_KEY_SEQUENCE};

static int next_sequence(struct index *ix, uint64_t *sequence_r, struct err *e)
{
	uint8_t bytes[8];
	uint64_t sequence = 0;
	size_t n = 0;
	int found = get(ix, sequence_key, sizeof(sequence_key), bytes,
			sizeof(bytes), &n, e);

	if (found < 0)
		return -1;
	if (found && n == sizeof(bytes))
		sequence = num_load64(bytes);
	*sequence_r = sequence;
	num_store64(bytes, sequence + 1);
	return put(ix, sequence_key, sizeof(sequence_key), bytes, sizeof(bytes),
		   e);
}

/* --- taking in ------------------------------------------------------------ */

static int insert(struct index *ix, const struct message_name *name,
		  uint64_t *sequence_r, struct err *e)
{
	uint8_t key[RECORD_MESSAGE_KEY_SIZE], value[RECORD_MESSAGE_SIZE];
	struct message_record r = {.octets = name->octets,
				   .flags = name->flags};

	if (next_sequence(ix, &r.sequence, e) < 0)
		return -1;
	message_key(name->ulid, key);
	record_message_encode(&r, value);
	if (put(ix, key, sizeof(key), value, sizeof(value), e) < 0)
		return -1;
	*sequence_r = r.sequence;
	counters_add(&ix->counters, name->octets,
		     ulid_time_ms(name->ulid) / 1000, time(NULL));
	return 0;
}

static int take_in_one(struct index *ix, const struct message_name *name,
		       uint64_t *taken, struct err *e)
{
	uint8_t key[RECORD_MESSAGE_KEY_SIZE], value[RECORD_MESSAGE_SIZE];
	uint64_t sequence;
	size_t n;
	int found;

	message_key(name->ulid, key);
	found = get(ix, key, sizeof(key), value, sizeof(value), &n, e);
	if (found != 0)
		return found < 0 ? -1 : 0;
	if (insert(ix, name, &sequence, e) < 0)
		return -1;
	(*taken)++;
	return 0;
}

/* 1: the ticket's message lies in cur/, under *name_r. */
static int find_kept(const struct mailbox *m, const struct ticket_name *t,
		     struct message_name *name_r, struct err *e)
{
	enum ticket_state state;

	if (ticket_find(m, t, &state, name_r, e) < 0)
		return -1;
	if (state == TICKET_KEPT)
		return 1;
	return t->pending ? ticket_keep_pending(m, t, name_r, e) : 0;
}

/* Tickets of one batch that are in the index; unlinked once it is committed. */
struct batch {
	const struct ticket_name *tickets[INDEX_BATCH];
	size_t n;
};

/* Takes in from *at on, as many as a transaction may hold. */
static int take_in_some(struct index *ix, const struct tickets *t, size_t *at,
			struct batch *b, uint64_t *taken, struct err *e)
{
	struct message_name name;
	int kept;

	for (b->n = 0; *at < t->n && b->n < INDEX_BATCH; (*at)++) {
		kept = find_kept(ix->mailbox, &t->list[*at], &name, e);
		if (kept < 0 || (kept && take_in_one(ix, &name, taken, e) < 0))
			return -1;
		if (kept)
			b->tickets[b->n++] = &t->list[*at];
	}
	return 0;
}

static int take_in_batch(struct index *ix, const struct tickets *t, size_t *at,
			 uint64_t *taken, struct err *e)
{
	struct batch b;

	if (index_begin(ix, e) < 0)
		return -1;
	if (take_in_some(ix, t, at, &b, taken, e) < 0) {
		index_abort(ix);
		return -1;
	}
	if (index_commit(ix, e) < 0)
		return -1;
	for (size_t i = 0; i < b.n; i++)
		if (ticket_unlink(ix->mailbox, b.tickets[i]->ulid, e) < 0)
			return -1;
	fault_point("index.tickets_unlinked");
	return 0;
}

int index_take_in(struct index *ix, uint64_t *taken_r, struct err *e)
{
	struct tickets t;
	size_t at = 0;
	int result = tickets_scan(ix->mailbox, &t, e);

	*taken_r = 0;
	while (result == 0 && at < t.n) {
		result = take_in_batch(ix, &t, &at, taken_r, e);
		index_more_time(ix, 0);
	}
	tickets_release(&t);
	return result;
}

/* --- holding the records against cur/ ------------------------------------- */

struct gone {
	char (*ulids)[ULID_LEN + 1];
	size_t n;
};

static void add_gone(struct gone *g, const char *ulid)
{
	g->ulids = xgrow(g->ulids, g->n, sizeof(g->ulids[0]));
	memcpy(g->ulids[g->n], ulid, ULID_LEN);
	g->ulids[g->n++][ULID_LEN] = '\0';
}

/* Both run in the order of ULIDs: at is how far the listing has been read. */
static void join_record(struct listing *l, size_t *at, const char *ulid,
			const DBT *value, struct gone *g)
{
	struct message_record r;
	int order = 1;

	while (*at < l->n &&
	       (order = memcmp(l->list[*at].name.ulid, ulid, ULID_LEN)) < 0)
		(*at)++;
	if (*at == l->n || order != 0 ||
	    !record_message_decode(value->data, value->size, &r)) {
		add_gone(g, ulid);
		return;
	}
	l->list[(*at)++].sequence = r.sequence;
}

static int join(struct index *ix, struct listing *l, struct gone *g,
		struct err *e)
{
	uint8_t start[1] = {RECORD_KEY_MESSAGE};
	uint8_t key[RECORD_ACTIVITY_KEY_SIZE + RECORD_MESSAGE_KEY_SIZE];
	uint8_t value[RECORD_ACTIVITY_MAX];
	DBT k = dbt_into(key, sizeof(key)), v = dbt_into(value, sizeof(value));
	size_t at = 0;
	DBC *cursor;
	int code = ix->db->cursor(ix->db, NULL, &cursor, 0);

	if (code != 0)
		return index_error(ix, "cursor", code, e);
	memcpy(key, start, sizeof(start));
	k.size = sizeof(start);
	code = cursor->get(cursor, &k, &v, DB_SET_RANGE);
	while (code == 0 && k.size == RECORD_MESSAGE_KEY_SIZE &&
	       key[0] == RECORD_KEY_MESSAGE) {
		join_record(l, &at, (const char *)key + 1, &v, g);
		code = cursor->get(cursor, &k, &v, DB_NEXT);
	}
	cursor->close(cursor);
	if (code != 0 && code != DB_NOTFOUND)
		return index_error(ix, "read records", code, e);
	return 0;
}

static int drop_gone(struct index *ix, const struct gone *g, struct err *e)
{
	uint8_t key[RECORD_MESSAGE_KEY_SIZE];

	for (size_t i = 0; i < g->n; i++) {
		if (i % INDEX_BATCH == 0 && index_begin(ix, e) < 0)
			return -1;
		message_key(g->ulids[i], key);
		if (del(ix, key, sizeof(key), e) < 0)
			return -1;
		if ((i % INDEX_BATCH == INDEX_BATCH - 1 || i + 1 == g->n) &&
		    index_commit(ix, e) < 0)
			return -1;
	}
	return 0;
}

static int insert_unknown(struct index *ix, struct listing *l, struct err *e)
{
	size_t in_batch = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct listing_entry *entry = &l->list[i];

		if (entry->sequence != LISTING_NO_SEQUENCE)
			continue;
		if (!ix->txn && index_begin(ix, e) < 0)
			return -1;
		if (insert(ix, &entry->name, &entry->sequence, e) < 0)
			return -1;
		if (++in_batch == INDEX_BATCH) {
			if (index_commit(ix, e) < 0)
				return -1;
			in_batch = 0;
		}
	}
	return ix->txn ? index_commit(ix, e) : 0;
}

/* Arrivals stay as counted; what waits is what lies there. */
static void recount(struct counters *c, const struct listing *l)
{
	c->counted = true;
	c->messages = l->n;
	c->octets = 0;
	for (size_t i = 0; i < l->n; i++)
		c->octets += l->list[i].name.octets;
	c->oldest = l->n ? ulid_time_ms(l->list[0].name.ulid) / 1000 : 0;
}

int index_reconcile(struct index *ix, struct listing *l, struct err *e)
{
	struct gone g = {.ulids = NULL};
	int result = -1;

	if (listing_scan(ix->mailbox, l, e) < 0)
		return -1;
	index_more_time(ix, l->n);
	if (join(ix, l, &g, e) == 0 && drop_gone(ix, &g, e) == 0 &&
	    insert_unknown(ix, l, e) == 0)
		result = 0;
	index_abort(ix);
	free(g.ulids);
	if (result == 0) {
		recount(&ix->counters, l);
		ix->reconcile = false;
	}
	return result;
}

/* --- removing ------------------------------------------------------------- */

static int remove_one(struct index *ix, const struct message_name *name,
		      struct err *e)
{
	uint8_t key[RECORD_MESSAGE_KEY_SIZE], value[RECORD_MESSAGE_SIZE];
	size_t n;
	int known;

	message_key(name->ulid, key);
	known = get(ix, key, sizeof(key), value, sizeof(value), &n, e);
	if (known < 0)
		return -1;
	if (known && del(ix, key, sizeof(key), e) < 0)
		return -1;
	if (known)
		counters_remove(&ix->counters, name->octets);
	return 0;
}

/* ULIDs run with time: the first key is the oldest message. */
static int find_oldest(struct index *ix, struct err *e)
{
	uint8_t key[64] = {RECORD_KEY_MESSAGE};
	uint8_t value[RECORD_ACTIVITY_MAX];
	DBT k = dbt_into(key, sizeof(key)), v = dbt_into(value, sizeof(value));
	DBC *cursor;
	int code = ix->db->cursor(ix->db, NULL, &cursor, 0);

	if (code != 0)
		return index_error(ix, "cursor", code, e);
	k.size = 1;
	code = cursor->get(cursor, &k, &v, DB_SET_RANGE);
	cursor->close(cursor);
	if (code != 0 && code != DB_NOTFOUND)
		return index_error(ix, "oldest", code, e);
	ix->counters.oldest = 0;
	if (code == 0 && k.size == RECORD_MESSAGE_KEY_SIZE &&
	    key[0] == RECORD_KEY_MESSAGE)
		ix->counters.oldest =
			ulid_time_ms((const char *)key + 1) / 1000;
	return 0;
}

/*
 * Files first: a record without its file is mended by reconciling, a deleted
 * message that came back would be given to the archive twice.
 */
int index_remove(struct index *ix, const struct message_name *names, size_t n,
		 size_t *removed_r, struct err *e)
{
	struct err unlinking = {.kind = ERR_NONE};

	*removed_r = 0;
	if (index_begin(ix, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (message_unlink(ix->mailbox, &names[i], &unlinking) < 0)
			continue;
		if (remove_one(ix, &names[i], e) < 0) {
			index_abort(ix);
			return -1;
		}
		(*removed_r)++;
	}
	fault_point("index.unlinked");
	if (index_commit(ix, e) < 0 || find_oldest(ix, e) < 0)
		return -1;
	if (unlinking.kind != ERR_NONE)
		log_warn("%s", unlinking.text);
	return 0;
}
