/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory says which file is being written and how long it is: what is beyond is
 * cut, for the spools still have it. Files of days that are over are unlinked
 * as a new one is begun.
 */
#include "common/base.h"
#include "handlers/ledger/activity.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/iso_time.h"
#include "common/log.h"
#include "common/num.h"
#include "handlers/ledger/files.h"
#include "store/fault.h"

enum {
	DAY_LEN = 10, /* 2026-11-30 */
	FILE_OCTETS = 32 * 1024 * 1024,
};

static int open_directory(const struct book *b, struct err *e)
{
	int dir = files_directory(b->dir, "activity", 0750, e);

	return dir < 0 ? err_prefix(e, "ledger %s", b->name) : dir;
}

/* --- days that are over ----------------------------------------------------
 */

static bool is_over(const char *name, const char *oldest)
{
	return strlen(name) > DAY_LEN && name[DAY_LEN] == '.' &&
	       strncmp(name, oldest, DAY_LEN) < 0;
}

/* What cannot be removed now is tried again with the next new file. */
static void prune(const struct book *b, int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	char oldest[ISO_TIME_LEN + 1];
	const struct dirent *entry;

	if (!d && fd >= 0)
		close(fd);
	if (!d)
		return;
	iso_time_write(b->now - b->place->activity_keep, oldest);
	while ((entry = readdir(d)))
		if (is_over(entry->d_name, oldest))
			(void)unlinkat(dir, entry->d_name, 0);
	closedir(d);
}

/* --- the file that is written ----------------------------------------------
 */

/* A clock that was set back goes on with the file of its future. */
static bool is_of_today(const struct book *b)
{
	char day[ISO_TIME_LEN + 1];

	iso_time_write(b->now, day);
	return strncmp(b->memory.activity, day, DAY_LEN) >= 0;
}

/* The number behind that of memory's, or the first of a day. */
static void name_next(struct book *b)
{
	struct memory *m = &b->memory;
	char day[ISO_TIME_LEN + 1];
	uint64_t n = 0;

	iso_time_write(b->now, day);
	if (is_of_today(b)) {
		const char *number = m->activity + DAY_LEN + 1;

		memcpy(day, m->activity, DAY_LEN);
		(void)!num_parse(number, strlen(number), UINT32_MAX, &n);
	}
	snprintf(m->activity, sizeof(m->activity), "%.*s.%llu", DAY_LEN, day,
		 (unsigned long long)n + 1);
	m->activity_octets = 0;
}

/* What is there under that name was written by a run that was killed. */
static int make_file(struct book *b, int dir, struct err *e)
{
	struct memory *m = &b->memory;

	name_next(b);
	b->activity = openat(
		dir, m->activity,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (b->activity < 0 || fsync(dir) < 0)
		return err_sys(e, "ledger %s: activity/%s", b->name,
			       m->activity);
	fault_point("ledger.activity-made");
	prune(b, dir);
	return 0;
}

static bool has_room(const struct book *b)
{
	return is_of_today(b) && b->memory.activity_octets < FILE_OCTETS;
}

/* 0: it is not there any more, and another is begun. */
static int open_again(struct book *b, int dir, struct err *e)
{
	struct memory *m = &b->memory;
	struct stat st;

	b->activity =
		openat(dir, m->activity, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (b->activity < 0 && errno == ENOENT)
		return 0;
	if (b->activity < 0 || fstat(b->activity, &st) < 0)
		return err_sys(e, "ledger %s: activity/%s", b->name,
			       m->activity);
	if ((uint64_t)st.st_size < m->activity_octets)
		m->activity_octets = (uint64_t)st.st_size;
	if (ftruncate(b->activity, (off_t)m->activity_octets) < 0)
		return err_sys(e, "ledger %s: activity/%s", b->name,
			       m->activity);
	return 1;
}

static int choose_file(struct book *b, struct err *e)
{
	int dir, result = 0;

	if (b->activity >= 0 && has_room(b))
		return 0;
	activity_close(b);
	dir = open_directory(b, e);
	if (dir < 0)
		return -1;
	if (has_room(b))
		result = open_again(b, dir, e);
	if (result == 0)
		result = make_file(b, dir, e);
	close(dir);
	return result < 0 ? -1 : 0;
}

int activity_flush(struct book *b, struct err *e)
{
	struct memory *m = &b->memory;
	int result;

	if (!b->sessions.len)
		return 0;
	if (choose_file(b, e) < 0)
		return -1;
	result = files_write_at(b->activity, &b->sessions, m->activity_octets);
	if (result < 0)
		return err_sys(e, "ledger %s: activity/%s", b->name,
			       m->activity);
	m->activity_octets += b->sessions.len;
	buf_reset(&b->sessions);
	return 0;
}

int activity_add(struct book *b, const char *text, size_t n, struct err *e)
{
	if (b->sessions.len + n + 1 > BOOK_PENDING_MAX &&
	    activity_flush(b, e) < 0)
		return -1;
	if (!buf_add(&b->sessions, text, n) || !buf_adds(&b->sessions, "\n"))
		die_bug("activity_add: a line of %zu octets", n);
	return 0;
}

int activity_sync(struct book *b, struct err *e)
{
	if (b->activity >= 0 && fdatasync(b->activity) < 0)
		return err_sys(e, "ledger %s: fsync activity", b->name);
	return 0;
}

void activity_close(struct book *b)
{
	if (b->activity >= 0)
		close(b->activity);
	b->activity = -1;
}
