/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The moves between cur/ and gone/. Decides nothing about what leaves: that
 * stands in batches. Unlinks no message: what lies in gone/ is the sweep's.
 */
#include "common/base.h"
#include "store/leaving.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "store/fault.h"
#include "store/spool.h"

enum { ALL_FLAGS = MESSAGE_NORMALISED | MESSAGE_UNCONFIRMED | MESSAGE_DAMAGED };

int leaving_open(struct mailbox *m, struct err *e)
{
	if (m->gone >= 0)
		return 0;
	m->gone = openat(m->dir, "gone",
			 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (m->gone >= 0)
		return 0;
	if (errno == ENOENT)
		return err_set(e, ERR_TEMP,
			       "mailbox %s: no gone/: `restante store upgrade` "
			       "has not reached it yet",
			       m->id);
	return err_sys(e, "mailbox %s: gone", m->id);
}

int leaving_sync(const struct mailbox *m, struct err *e)
{
	if (fsync(m->cur) < 0 || fsync(m->gone) < 0)
		return err_sys(e, "mailbox %s: fsync cur and gone", m->id);
	return 0;
}

/* --- one name --------------------------------------------------------------
 */

/*
 * Of two names of one file rename() does nothing and succeeds (POSIX): so the
 * target must not be there, and where it is, the source goes. Of the system
 * calls that know NOREPLACE some file systems do not.
 */
static int rename_away(int from, const char *from_name, int to,
		       const char *to_name)
{
	if (renameat2(from, from_name, to, to_name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EINVAL || errno == ENOSYS) {
		if (renameat(from, from_name, to, to_name) < 0)
			return -1;
		errno = EEXIST;
	}
	if (errno != EEXIST)
		return -1;
	return unlinkat(from, from_name, 0) == 0 || errno == ENOENT ? 0 : -1;
}

/* 1: moved; 0: no such name. */
static int move_name(const struct mailbox *m, const struct message_name *name,
		     bool without_line, struct err *e)
{
	char kept[NAME_SIZE], gone[NAME_SIZE];

	name_write_kept(name, kept);
	name_write_gone(name, without_line, gone);
	if (rename_away(m->cur, kept, m->gone, gone) < 0)
		return errno == ENOENT ? 0
				       : err_sys(e,
						 "mailbox %s: move %s to "
						 "gone/",
						 m->id, kept);
	fault_point("leaving.moved");
	return 1;
}

static int move_under_any_flags(const struct mailbox *m,
				struct message_name name, bool without_line,
				struct err *e)
{
	for (name.flags = 0; name.flags <= ALL_FLAGS; name.flags++)
		if (move_name(m, &name, without_line, e) < 0)
			return -1;
	return 0;
}

int leaving_move(const struct mailbox *m, const struct listing_entry *entry,
		 bool without_line, struct err *e)
{
	struct message_name name;
	int moved;

	listing_name(entry, &name);
	moved = move_name(m, &name, without_line, e);
	if (moved < 0 || (moved == 1 && !entry->twin))
		return moved < 0 ? -1 : 0;
	return move_under_any_flags(m, name, without_line, e);
}

int leaving_confirm(const struct mailbox *m, const struct listing_entry *entry,
		    struct err *e)
{
	char marked[NAME_SIZE], gone[NAME_SIZE];
	struct message_name name;

	listing_name(entry, &name);
	name_write_gone(&name, true, marked);
	name_write_gone(&name, false, gone);
	if (rename_away(m->gone, marked, m->gone, gone) < 0 && errno != ENOENT)
		return err_sys(e, "mailbox %s: rename gone/%s", m->id, marked);
	fault_point("leaving.confirmed");
	return 0;
}

static int put_back(const struct mailbox *m, const struct listing_entry *entry,
		    struct err *e)
{
	char marked[NAME_SIZE], kept[NAME_SIZE];
	struct message_name name;

	listing_name(entry, &name);
	name_write_gone(&name, true, marked);
	name_write_kept(&name, kept);
	if (rename_away(m->gone, marked, m->cur, kept) < 0 && errno != ENOENT)
		return err_sys(e, "mailbox %s: put back gone/%s", m->id,
			       marked);
	fault_point("leaving.put-back");
	return 0;
}

/*
 * Under any flags: after a copy it may lie there twice. The name of a message
 * that is there already, from a copy made amid this, stays the only one.
 */
int leaving_bring_back(const struct mailbox *m,
		       const struct listing_entry *entry, const char *as,
		       struct err *e)
{
	char gone[NAME_SIZE], kept[NAME_SIZE];
	struct message_name name;

	listing_name(entry, &name);
	for (name.flags = 0; name.flags <= ALL_FLAGS; name.flags++) {
		struct message_name back = name;

		memcpy(back.ulid, as, sizeof(back.ulid));
		name_write_gone(&name, false, gone);
		name_write_kept(&back, kept);
		if (rename_away(m->gone, gone, m->cur, kept) == 0)
			fault_point("leaving.brought-back");
		else if (errno != ENOENT)
			return err_sys(e, "mailbox %s: bring back gone/%s",
				       m->id, gone);
	}
	return 0;
}

static int cut(int dir, const char *name)
{
	int fd = openat(dir, name,
			O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int result;

	if (fd < 0)
		return -1;
	result = ftruncate(fd, 0);
	close(fd);
	return result;
}

/*
 * With a line that is durable it is cut in cur/ too, where gone/ has no room
 * for its name: whoever scans cur/ carries it through before it serves
 * anything.
 */
int leaving_cut(const struct mailbox *m, const struct listing_entry *entry,
		bool without_line, struct err *e)
{
	char text[NAME_SIZE];
	struct message_name name;
	int result;

	/* As late as can be: it may have been put under hold meanwhile. */
	if (mailbox_is_on_hold(m))
		return err_set(e, ERR_FULL,
			       "mailbox %s: the disk is full, and under hold "
			       "nothing is cut to make room",
			       m->id);
	listing_name(entry, &name);
	name_write_gone(&name, without_line, text);
	result = cut(m->gone, text);
	if (result < 0 && errno == ENOENT && !without_line)
		result = cut(m->cur, text);
	fault_point("leaving.cut");
	if (result == 0 || errno == ENOENT)
		return 0;
	return err_sys(e, "mailbox %s: cut %s", m->id, text);
}

int leaving_move_said(const struct mailbox *m,
		      const struct listing_entry *entry, struct err *e)
{
	if (leaving_move(m, entry, false, e) == 0)
		return 0;
	if (e->kind != ERR_FULL)
		return -1;
	if (leaving_cut(m, entry, false, e) == 0 &&
	    leaving_move(m, entry, false, e) == 0)
		return 0;
	if (e->kind != ERR_FULL)
		return -1;
	log_warn("%s; it stays in cur/ until there is room", e->text);
	return 0;
}

/* --- what was begun and not finished ---------------------------------------
 */

struct marks {
	const struct mailbox *mailbox;
	struct listing *cur;
	struct listing *gone;
};

static void mark_one(const struct listing *l, const char *ulid)
{
	struct listing_entry *entry = listing_find(l, ulid);

	if (entry)
		entry->named = 1;
}

/* A batch of another mailbox has no business here: it was put here. */
static void mark_batch(void *arg, const struct spool_batch *b)
{
	const struct marks *marks = arg;
	const char *at = b->lines, *end = at + b->n_octets, *text;
	struct entry entry;
	size_t n;

	if (strcmp(b->session->mailbox, marks->mailbox->id) != 0)
		return;
	while (spool_next_line(&at, end, &text, &n)) {
		if (!entry_parse(text, n, &entry) || entry.kind != ENTRY_GONE)
			continue;
		mark_one(marks->cur, entry.gone.ulid);
		mark_one(marks->gone, entry.gone.ulid);
	}
}

int leaving_mark_named(const struct mailbox *m, struct listing *cur,
		       struct listing *gone, struct err *e)
{
	struct marks marks = {m, cur, gone};
	const struct spool_visitor v = {.batch = mark_batch, .arg = &marks};

	return spool_read_all(m, &v, e);
}

static bool was_cut(const struct mailbox *m, const struct listing_entry *entry)
{
	char text[NAME_SIZE];
	struct message_name name;
	struct stat st;

	listing_name(entry, &name);
	name_write_gone(&name, true, text);
	return fstatat(m->gone, text, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_size == 0;
}

static bool is_unfinished(const struct listing *cur, const struct listing *gone)
{
	for (size_t i = 0; i < cur->n; i++)
		if (cur->list[i].named)
			return true;
	for (size_t i = 0; i < gone->n; i++)
		if (gone->list[i].mark)
			return true;
	return false;
}

static int carry_named(const struct mailbox *m, struct listing *cur,
		       struct leaving_report *report, struct err *e)
{
	for (size_t i = 0; i < cur->n; i++) {
		if (!cur->list[i].named)
			continue;
		if (leaving_move_said(m, &cur->list[i], e) < 0)
			return -1;
		report->carried++;
	}
	listing_drop_named(cur);
	return 0;
}

/* Names without a line: with one now, or to be put back. */
static int settle_marked(const struct mailbox *m, struct listing *gone,
			 struct leaving_report *report, struct err *e)
{
	for (size_t i = 0; i < gone->n; i++) {
		struct listing_entry *entry = &gone->list[i];

		if (!entry->mark)
			continue;
		if (entry->named) {
			if (leaving_confirm(m, entry, e) < 0)
				return -1;
		} else if (!was_cut(m, entry)) {
			if (put_back(m, entry, e) < 0)
				return -1;
			entry->mark = 0;
			report->put_back++;
		}
	}
	return 0;
}

/*
 * Whoever acts upon a line of somebody else syncs its spool first, and both
 * directories before anything is put back: what was moved may have been cut.
 */
int leaving_carry(const struct mailbox *m, struct listing *cur,
		  struct listing *gone, struct leaving_report *report_r,
		  struct err *e)
{
	*report_r = (struct leaving_report){.carried = 0};
	if (!is_unfinished(cur, gone))
		return 0;
	if (spool_sync_all(m, e) < 0 || leaving_sync(m, e) < 0 ||
	    carry_named(m, cur, report_r, e) < 0 ||
	    settle_marked(m, gone, report_r, e) < 0)
		return -1;
	log_info("mailbox %s: %zu messages left that a session had begun to "
		 "delete, %zu put back",
		 m->id, report_r->carried, report_r->put_back);
	return leaving_sync(m, e);
}
