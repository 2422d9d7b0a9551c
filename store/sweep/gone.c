/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gone/: a name goes once its line is durable, no ticket could have it kept
 * anew, and undo and hold do not keep it.
 */
#include "common/base.h"
#include "store/sweep/private.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "store/fault.h"
#include "store/spool.h"
#include "store/ticket.h"
#include "store/undo.h"

static int unlink_gone(struct sweep *s, const struct listing_entry *entry,
		       bool without_line, struct err *e)
{
	struct message_name name;
	char text[NAME_SIZE];

	listing_name(entry, &name);
	name_write_gone(&name, without_line, text);
	if (unlinkat(s->mailbox->gone, text, 0) < 0 && errno != ENOENT)
		return err_sys(e, "mailbox %s: unlink gone/%s", s->mailbox->id,
			       text);
	fault_point("sweep.gone-unlinked");
	s->report->left++;
	return 0;
}

static bool has_ticket(const struct tickets *t,
		       const struct listing_entry *entry)
{
	char ulid[ULID_LEN + 1];

	ulid_unpack(entry->ulid, ulid);
	return tickets_find(t, ulid) != NULL;
}

/*
 * A file that was cut and of which no line could be written: said now, by who
 * cannot prove it.
 */
static int say_cut(struct sweep *s, const struct listing_entry *entry,
		   struct err *e)
{
	struct entry line = {.kind = ENTRY_GONE};
	struct buf lines;
	int result = -1;

	ulid_unpack(entry->ulid, line.gone.ulid);
	snprintf(line.gone.by, sizeof(line.gone.by), "full");
	line.gone.when = time(NULL);
	buf_init(&lines, LINE_OCTETS_MAX + 1);
	if (entry_write(&line, &lines))
		result = spool_append(s->mailbox, &lines, 1, true, e);
	buf_release(&lines);
	return result;
}

/* All marked ones that are left by now were cut: leaving_carry() saw to it. */
static int remove_one(struct sweep *s, struct undo_look *u,
		      const struct listing_entry *entry, struct err *e)
{
	if (entry->mark && !entry->named) {
		if (say_cut(s, entry, e) < 0)
			return -1;
		return unlink_gone(s, entry, true, e);
	}
	return undo_keeps(u, entry) ? 0 : unlink_gone(s, entry, false, e);
}

/* What undo keeps, for the one that left first to go first. */
struct deleted {
	int64_t left;
	size_t i;
};

static int by_time(const void *a, const void *b)
{
	const struct deleted *x = a, *y = b;

	return (x->left > y->left) - (x->left < y->left);
}

static size_t list_deleted(const struct sweep *s, const struct tickets *t,
			   struct deleted *list)
{
	size_t n = 0;

	for (size_t i = 0; i < s->gone.n; i++) {
		const struct listing_entry *entry = &s->gone.list[i];

		if (!entry->mark && !has_ticket(t, entry) &&
		    undo_left_at(s->mailbox, entry, &list[n].left))
			list[n++].i = i;
	}
	qsort(list, n, sizeof(*list), by_time);
	return n;
}

static bool is_short_of_room(const struct mailbox *m)
{
	struct err e;

	return store_room(m->store, 0, &e) < 0 && e.kind == ERR_FULL;
}

/* Mail that comes is worth more than mail that was deleted. */
static int make_room(struct sweep *s, struct undo_look *u,
		     const struct tickets *t, struct err *e)
{
	struct deleted *list;
	size_t n, i;
	int result = 0;

	if (s->mailbox->settings.hold || !u->messages ||
	    !is_short_of_room(s->mailbox))
		return 0;
	list = xcalloc(s->gone.n, sizeof(*list));
	n = list_deleted(s, t, list);
	for (i = 0; result == 0 && i < n && is_short_of_room(s->mailbox); i++) {
		const struct listing_entry *entry = &s->gone.list[list[i].i];

		result = unlink_gone(s, entry, false, e);
		undo_give_up(u, entry);
	}
	if (i)
		log_warn("mailbox %s: less is free than the reserve: %zu "
			 "deleted messages went before their time",
			 s->mailbox->id, i);
	free(list);
	return result;
}

static int remove_all(struct sweep *s, struct undo_look *u,
		      const struct tickets *t, struct err *e)
{
	for (size_t i = 0; i < s->gone.n; i++) {
		if (sweep_time_is_up(s))
			return 0;
		if (!has_ticket(t, &s->gone.list[i]) &&
		    remove_one(s, u, &s->gone.list[i], e) < 0)
			return -1;
	}
	return make_room(s, u, t, e);
}

int sweep_gone(struct sweep *s, int64_t scanned, struct err *e)
{
	struct undo_look u;
	struct tickets t;
	int result = 0;

	undo_look_begin(&u, s->mailbox, scanned, s->steady);
	if (!s->gone.n)
		return undo_look_end(&u, e);
	if (tickets_scan(s->mailbox, false, &t, e) < 0)
		result = -1;
	if (result == 0 && spool_sync_all(s->mailbox, e) < 0)
		result = -1;
	/* Also where no ticket went just now: one may have, and the run died.
	 */
	if (result == 0 && fsync(s->mailbox->tmp) < 0)
		result = err_sys(e, "mailbox %s: fsync tmp", s->mailbox->id);
	if (result == 0)
		result = remove_all(s, &u, &t, e);
	tickets_release(&t);
	if (result < 0 || sweep_time_is_up(s))
		return result;
	return undo_look_end(&u, e);
}
