/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Appending: which spool is the newest, its lock, the one write. */
#include "common/base.h"
#include "store/spool_private.h"

#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "store/fault.h"

enum {
	LOCK_WAIT_MS = 1000,
	TRIES = 8, /* until a spool stays the newest while it is locked */
	/* The lines of some ten messages; a file system may count as blocks of
	 * a file what it needs to find them. */
	ROOM_OCTETS = 8192,
	BLOCK_OCTETS = 512, /* of st_blocks, whatever the file system's are */
};

/* Of a store that no other host writes to. */
#define NODE "local"

/* One spool while it is being chosen and written. */
struct appender {
	const struct mailbox *mailbox;
	int dir;
	int fd;
	char name[SPOOL_NAME_SIZE];
	struct spool_name newest; /* n == 0: there is none */
	size_t n_spools;
	off_t size;
};

static int lock_with_deadline(int fd, int64_t end)
{
	struct flock f = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct timespec pause = {.tv_nsec = 100 * 1000};

	while (fcntl(fd, F_OFD_SETLK, &f) < 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return -1;
		if (clock_ms() >= end) {
			errno = EAGAIN;
			return -1;
		}
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 4 * 1000 * 1000)
			pause.tv_nsec *= 2;
	}
	return 0;
}

static int list_all(const struct appender *a, struct spool_list *l,
		    struct err *e)
{
	int fd = openat(a->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "mailbox %s: spool", a->mailbox->id);
	return spool_scan_at(a->mailbox, fd, l, e);
}

static int find_newest(struct appender *a, struct err *e)
{
	struct spool_list l;

	if (list_all(a, &l, e) < 0)
		return -1;
	a->newest = (struct spool_name){.n = 0};
	snprintf(a->newest.node, sizeof(a->newest.node), NODE);
	for (size_t i = 0; i < l.n; i++)
		if (strcmp(l.list[i].node, NODE) == 0)
			a->newest = l.list[i];
	a->n_spools = l.n;
	spool_list_release(&l);
	return 0;
}

static void let_go(struct appender *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

/* Between open() and the lock it may have been taken away. */
static bool is_still_named(const struct appender *a)
{
	struct stat named, opened;

	return fstat(a->fd, &opened) == 0 &&
	       fstatat(a->dir, a->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

static off_t longest(const struct appender *a)
{
	return a->n_spools < SPOOLS_SHORT ? SPOOL_ROTATE_OCTETS
					  : SPOOL_LONG_OCTETS;
}

/*
 * 1: it is locked and can be appended to; 0: it cannot, another one is needed;
 * -1: the world failed.
 */
static int try_newest(struct appender *a, struct err *e)
{
	struct stat st;
	bool full;

	spool_name_write(&a->newest, a->name);
	a->fd = spool_open_at(a->mailbox, a->dir, a->name, O_RDWR | O_APPEND,
			      &st, e);
	if (a->fd < 0 && e->kind == ERR_DAMAGED) {
		log_error("%s; another one is begun", e->text);
		return 0;
	}
	if (a->fd < 0)
		return e->kind == ERR_ABSENT ? 0 : -1;
	if (lock_with_deadline(a->fd, clock_ms() + LOCK_WAIT_MS) < 0 ||
	    !is_still_named(a) || fstat(a->fd, &st) < 0) {
		let_go(a);
		return 0;
	}
	full = st.st_size >= longest(a);
	if (full && a->n_spools < SPOOLS_MAX) {
		let_go(a);
		return 0;
	}
	a->size = st.st_size;
	return 1;
}

static int make_next(struct appender *a, struct err *e)
{
	struct spool_name next = a->newest;
	struct stat st;

	next.n++;
	spool_name_write(&next, a->name);
	a->fd = spool_open_at(a->mailbox, a->dir, a->name,
			      O_RDWR | O_APPEND | O_CREAT | O_EXCL, &st, e);
	if (a->fd < 0)
		return e->kind == ERR_ABSENT ? 0 : -1;
	fault_point("spool.made");
	if (lock_with_deadline(a->fd, clock_ms() + LOCK_WAIT_MS) < 0 ||
	    !is_still_named(a) || fstat(a->fd, &st) < 0) {
		let_go(a);
		return 0;
	}
	a->size = st.st_size; /* another may have had the lock before */
	return 1;
}

static int choose(struct appender *a, struct err *e)
{
	for (int i = 0; i < TRIES; i++) {
		int had = 0;

		if (find_newest(a, e) < 0)
			return -1;
		if (a->newest.n > 0)
			had = try_newest(a, e);
		if (had == 0 && a->n_spools < SPOOLS_MAX)
			had = make_next(a, e);
		if (had != 0)
			return had < 0 ? -1 : 0;
	}
	return err_set(e, ERR_TEMP, "mailbox %s: no spool could be had",
		       a->mailbox->id);
}

/* --- the room behind the end -----------------------------------------------
 *
 * Blocks that a spool has and does not use yet. On a full disk, where not even
 * a name can be had, a message leaves by them (docs/store.md): all others see
 * to it that there are some before they write, or write nothing.
 */

static bool has_room(const struct appender *a, size_t n)
{
	struct stat st;

	return fstat(a->fd, &st) == 0 && st.st_blocks > 0 &&
	       (uint64_t)st.st_blocks * BLOCK_OCTETS >= (uint64_t)a->size + n;
}

/* A file system that cannot do it has none. */
static int keep_room(const struct appender *a, size_t n, struct err *e)
{
	n += ROOM_OCTETS;
	if (has_room(a, n) ||
	    fallocate(a->fd, FALLOC_FL_KEEP_SIZE, a->size, (off_t)n) == 0)
		return 0;
	if (errno != ENOSPC && errno != EDQUOT)
		return 0;
	return err_sys(e, "mailbox %s: spool/%s", a->mailbox->id, a->name);
}

/* The newest one is tried first: it may have been begun on a full disk. */
static int choose_with_room(struct appender *a, size_t n, struct err *e)
{
	struct spool_list l;
	int had = 0;

	if (list_all(a, &l, e) < 0)
		return -1;
	a->n_spools = SPOOLS_MAX; /* none is begun instead of a long one */
	for (size_t i = l.n; had == 0 && i-- > 0;) {
		if (strcmp(l.list[i].node, NODE) != 0)
			continue;
		a->newest = l.list[i];
		had = try_newest(a, e);
		if (had == 1 && !has_room(a, n)) {
			let_go(a);
			had = 0;
		}
	}
	spool_list_release(&l);
	if (had == 0)
		err_set(e, ERR_FULL, "mailbox %s: no spool has room left",
			a->mailbox->id);
	return had == 1 ? 0 : -1;
}

/* --- one write -------------------------------------------------------------
 */

/* Whoever was killed amid a write has left half a line. */
static bool is_torn(const struct appender *a)
{
	char last;

	return a->size > 0 && pread(a->fd, &last, 1, a->size - 1) == 1 &&
	       last != '\n';
}

/* One write(2) for each buffer; the first one mends a torn end. */
static int write_one(struct appender *a, const struct buf *lines, bool torn,
		     struct err *e)
{
	static char end[] = "\n";
	const struct iovec parts[2] = {{end, 1}, {lines->data, lines->len}};
	ssize_t all = (ssize_t)lines->len + torn;
	ssize_t done = writev(a->fd, torn ? parts : parts + 1, torn ? 2 : 1);

	if (done == all)
		return 0;
	if (done >= 0)
		errno = ENOSPC;
	return err_sys(e, "mailbox %s: spool/%s", a->mailbox->id, a->name);
}

static size_t octets_of(const struct buf *writes, size_t n_writes)
{
	size_t all = 1; /* the end of a torn line */

	for (size_t i = 0; i < n_writes; i++)
		all += writes[i].len;
	return all;
}

static int write_all(struct appender *a, const struct buf *writes,
		     size_t n_writes, struct err *e)
{
	bool torn = is_torn(a);

	if (torn)
		log_warn("mailbox %s: spool/%s ended in half a line",
			 a->mailbox->id, a->name);
	if ((uint64_t)a->size + octets_of(writes, n_writes) >= SPOOL_OCTETS_MAX)
		return err_set(e, ERR_TEMP, "mailbox %s: its spools are full",
			       a->mailbox->id);
	for (size_t i = 0; i < n_writes; i++)
		if (write_one(a, &writes[i], torn && i == 0, e) < 0) {
			(void)!ftruncate(a->fd, a->size);
			return -1;
		}
	return 0;
}

/*
 * Whoever writes a spool's first line makes its name durable before, also where
 * another has made it and was killed. So a spool with a line has a durable
 * name, and a line is made durable by one fsync.
 */
static int sync_name(const struct appender *a, struct err *e)
{
	if (a->size > 0 || fsync(a->dir) == 0)
		return 0;
	return err_sys(e, "mailbox %s: fsync spool", a->mailbox->id);
}

/* Lines that may not last are taken back: nobody is to act upon them. */
static int make_durable(struct appender *a, struct err *e)
{
	if (fsync(a->fd) == 0)
		return 0;
	err_sys(e, "mailbox %s: fsync spool/%s", a->mailbox->id, a->name);
	(void)!ftruncate(a->fd, a->size);
	return -1;
}

static int append(struct appender *a, const struct buf *writes, size_t n_writes,
		  bool durable, struct err *e)
{
	if (sync_name(a, e) < 0 || write_all(a, writes, n_writes, e) < 0)
		return -1;
	fault_point("spool.appended");
	return durable ? make_durable(a, e) : 0;
}

int spool_append(const struct mailbox *m, const struct buf *writes,
		 size_t n_writes, bool durable, struct err *e)
{
	struct appender a = {.mailbox = m, .fd = -1};
	int result;

	a.dir = spool_open_directory(m, e);
	if (a.dir < 0)
		return -1;
	result = choose(&a, e);
	if (result == 0)
		result = keep_room(&a, octets_of(writes, n_writes), e);
	if (result == 0)
		result = append(&a, writes, n_writes, durable, e);
	let_go(&a);
	close(a.dir);
	return result;
}

int spool_append_in_room(const struct mailbox *m, const struct buf *lines,
			 struct err *e)
{
	struct appender a = {.mailbox = m, .fd = -1};
	int result;

	a.dir = spool_open_directory(m, e);
	if (a.dir < 0)
		return -1;
	result = choose_with_room(&a, octets_of(lines, 1), e);
	if (result == 0)
		result = append(&a, lines, 1, true, e);
	let_go(&a);
	close(a.dir);
	return result;
}
