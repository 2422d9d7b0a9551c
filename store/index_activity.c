/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mailbox's own account of what happened, as lines in its index: written
 * by who ends a session, read for the console. It goes with the index, and
 * nothing depends on it.
 */
#include "common/base.h"
#include "store/index.h"

#include "common/log.h"
#include "store/index_dbt.h"
#include "store/record.h"

enum {
	DAY = 86400,
	PRUNE = 8, /* old lines dropped for each new one, at most */
};

/* --- writing -------------------------------------------------------------- */

static bool is_activity(const DBT *key)
{
	return key->size == RECORD_ACTIVITY_KEY_SIZE &&
	       *(const uint8_t *)key->data == RECORD_KEY_ACTIVITY;
}

static int open_cursor(struct index *ix, DBC **cursor_r, struct err *e)
{
	int code = ix->db->cursor(ix->db, ix->txn, cursor_r, 0);

	return code == 0 ? 0 : index_error(ix, "cursor", code, e);
}

static int prune(struct index *ix, int64_t now, struct err *e)
{
	uint8_t key[64] = {RECORD_KEY_ACTIVITY};
	uint8_t value[RECORD_ACTIVITY_MAX];
	DBT k = dbt_into(key, sizeof(key)), v = dbt_into(value, sizeof(value));
	DBC *cursor;
	int code;

	if (open_cursor(ix, &cursor, e) < 0)
		return -1;
	k.size = 1;
	code = cursor->get(cursor, &k, &v, DB_SET_RANGE);
	for (int i = 0; code == 0 && i < PRUNE; i++) {
		if (!is_activity(&k) ||
		    record_activity_when(key) > now - ACTIVITY_DAYS * DAY)
			break;
		code = cursor->del(cursor, 0);
		if (code == 0)
			code = cursor->get(cursor, &k, &v, DB_NEXT);
	}
	cursor->close(cursor);
	if (code != 0 && code != DB_NOTFOUND)
		return index_error(ix, "prune activity", code, e);
	return 0;
}

static int put_line(struct index *ix, const struct activity *a, struct err *e)
{
	uint8_t key[RECORD_ACTIVITY_KEY_SIZE];
	char text[RECORD_ACTIVITY_MAX];
	uint64_t nonce;
	DBT k, v;
	int code;

	random_bytes(&nonce, sizeof(nonce));
	record_activity_key(a->when, nonce, key);
	k = dbt_of(key, sizeof(key));
	v = dbt_of(text, record_activity_encode(a, text));
	code = ix->db->put(ix->db, ix->txn, &k, &v, 0);
	return code == 0 ? 0 : index_error(ix, "put activity", code, e);
}

int index_add_activity(struct index *ix, const struct activity *a,
		       struct err *e)
{
	if (index_begin(ix, e) < 0)
		return -1;
	if (put_line(ix, a, e) < 0 || prune(ix, a->when, e) < 0) {
		index_abort(ix);
		return -1;
	}
	return index_commit(ix, e);
}

/* --- reading -------------------------------------------------------------- */

static struct activity_line *next_line(struct activity_list *l)
{
	l->list = xgrow(l->list, l->n, sizeof(*l->list));
	return memset(&l->list[l->n], 0, sizeof(*l->list));
}

/* The last line that is not after `until`: before the first one that is. */
static int go_to_newest(DBC *cursor, int64_t until, DBT *k, DBT *v)
{
	int code;

	record_activity_key(until, UINT64_MAX, k->data);
	k->size = RECORD_ACTIVITY_KEY_SIZE;
	code = cursor->get(cursor, k, v, DB_SET_RANGE);
	return cursor->get(cursor, k, v,
			   code == DB_NOTFOUND ? DB_LAST : DB_PREV);
}

static int read_lines(DBC *cursor, int64_t since, int64_t until,
		      struct activity_list *l)
{
	uint8_t key[64], value[RECORD_ACTIVITY_MAX];
	DBT k = dbt_into(key, sizeof(key)), v = dbt_into(value, sizeof(value));
	int code = go_to_newest(cursor, until, &k, &v);

	for (; code == 0; code = cursor->get(cursor, &k, &v, DB_PREV)) {
		struct activity_line *line;

		if (!is_activity(&k) || record_activity_when(key) < since)
			return 0;
		if (l->n == ACTIVITY_LINES_MAX) {
			l->more = true;
			return 0;
		}
		line = next_line(l);
		line->when = record_activity_when(key);
		if (record_activity_decode((const char *)value, v.size, line))
			l->n++;
	}
	return code == DB_NOTFOUND ? 0 : code;
}

int index_read_activity(struct index *ix, int64_t since, int64_t until,
			struct activity_list *list, struct err *e)
{
	DBC *cursor;
	int code;

	if (open_cursor(ix, &cursor, e) < 0)
		return -1;
	code = read_lines(cursor, since, until, list);
	cursor->close(cursor);
	return code == 0 ? 0 : index_error(ix, "read activity", code, e);
}

int mailbox_activity(struct mailbox *m, int64_t since, int64_t until,
		     unsigned wait_ms, struct activity_list *list_r,
		     struct err *e)
{
	struct index ix;
	struct err leaving;
	int result;

	*list_r = (struct activity_list){.list = NULL};
	if (index_enter(m, wait_ms, &ix, e) < 0)
		return -1;
	result = index_read_activity(&ix, since, until, list_r, e);
	if (index_leave(&ix, result == 0, &leaving) < 0 && result == 0) {
		*e = leaving;
		result = -1;
	}
	if (result < 0)
		activity_release(list_r);
	return result;
}

void activity_release(struct activity_list *l)
{
	free(l->list);
	*l = (struct activity_list){.list = NULL};
}
