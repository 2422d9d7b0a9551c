/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was deleted stays in gone/ for so many days, or under hold without end.
 * When it left is when its name changed last, as the file system has it: a copy
 * or a change of rights makes that later, and nothing makes it earlier.
 */
#include "common/base.h"
#include "store/undo.h"

#include <fcntl.h>
#include <time.h>

#include "common/log.h"
#include "store/account.h"
#include "store/lock_file.h"
#include "store/steady.h"

enum { DAY = 24 * 3600 };

int64_t undo_changed(const struct mailbox *m)
{
	struct stat st;

	if (m->gone < 0 || fstat(m->gone, &st) < 0)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

/* --- the clock -------------------------------------------------------------
 */

/*
 * The record need not outlast a cut: then the clock is believed two days
 * later.
 */
bool undo_clock_is_steady(const struct mailbox *m)
{
	uint8_t bytes[STEADY_SIZE];
	enum steady_state state;
	struct steady s;
	struct err e;
	size_t n = 0;

	if (lock_file_read(m, LOCK_FILE_STEADY_AT, bytes, sizeof(bytes), &n,
			   &e) < 0)
		return false;
	steady_decode(bytes, n, &s);
	state = steady_look(&s, time(NULL));
	steady_encode(&s, bytes);
	if (lock_file_write(m, LOCK_FILE_STEADY_AT, bytes, sizeof(bytes), &e) <
	    0)
		return false;
	if (state == STEADY_JUMPED)
		log_warn("mailbox %s: the clock has jumped: nothing that was "
			 "deleted goes for the next %d days",
			 m->id, STEADY_DAYS);
	return state == STEADY;
}

void undo_look_begin(struct undo_look *u, const struct mailbox *m,
		     int64_t scanned, bool steady)
{
	*u = (struct undo_look){.mailbox = m,
				.now = time(NULL),
				.scanned = scanned,
				.steady = steady};
}

/* --- one of them -----------------------------------------------------------
 */

bool undo_left_at(const struct mailbox *m, const struct listing_entry *entry,
		  int64_t *left_r)
{
	char text[NAME_SIZE];
	struct message_name name;
	struct stat st;

	listing_name(entry, &name);
	name_write_gone(&name, false, text);
	if (fstatat(m->gone, text, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    st.st_size == 0)
		return false;
	*left_r = st.st_ctim.tv_sec;
	return true;
}

/* Without undo what no line names any more stays for as long as lines do. */
static int64_t seconds_for(const struct mailbox *m,
			   const struct listing_entry *entry)
{
	unsigned days = m->settings.undo;

	if (!entry->named && !days)
		days = UNDO_LINE_DAYS;
	return (int64_t)days * DAY;
}

static void keep(struct undo_look *u, const struct listing_entry *entry,
		 int64_t left)
{
	u->messages++;
	u->octets += entry->octets;
	if (!u->since || left < u->since)
		u->since = left;
}

/*
 * What came so late that it cannot be due is not looked at: of a million files
 * few are.
 */
bool undo_keeps(struct undo_look *u, const struct listing_entry *entry)
{
	const struct mailbox *m = u->mailbox;
	int64_t seconds = seconds_for(m, entry), left = listing_time(entry);

	if (!m->settings.hold && !seconds)
		return false;
	if (!m->settings.hold && (left > u->now || left + seconds <= u->now)) {
		if (!undo_left_at(m, entry, &left))
			return false;
		if (u->steady && left + seconds <= u->now)
			return false;
	}
	keep(u, entry, left);
	return true;
}

void undo_give_up(struct undo_look *u, const struct listing_entry *entry)
{
	u->messages--;
	u->octets -= entry->octets;
}

/* --- the counters ----------------------------------------------------------
 */

static void put_down(struct counters *c, const void *arg)
{
	const struct undo_look *u = arg;

	c->deleted_messages = u->messages;
	c->deleted_octets = u->octets;
	c->deleted_since = u->since;
	c->deleted_scanned = u->scanned;
}

int undo_look_end(const struct undo_look *u, struct err *e)
{
	struct counters c;

	if (mailbox_counters(u->mailbox, &c, e) < 0)
		return -1;
	if (c.deleted_messages == u->messages &&
	    c.deleted_octets == u->octets && c.deleted_since == u->since &&
	    c.deleted_scanned == u->scanned)
		return 0;
	return account_count(u->mailbox, put_down, u, e);
}

bool undo_is_quiet(const struct mailbox *m, const struct counters *c)
{
	const struct mailbox_conf *s = &m->settings;
	struct err e;

	if (!c->deleted_scanned || c->deleted_scanned != undo_changed(m))
		return false;
	if (s->hold)
		return true;
	return s->undo && store_room(m->store, 0, &e) == 0 &&
	       time(NULL) < c->deleted_since + (int64_t)s->undo * DAY;
}
