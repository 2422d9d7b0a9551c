/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Spools as files: which is the newest, its lock, the one write. What a line
 * says is no business of this file.
 */
#include "common/base.h"
#include "store/spool.h"

#include <sys/stat.h>
#include <sys/uio.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/num.h"
#include "store/fault.h"
#include "store/ledger/places.h"

enum {
	LOCK_WAIT_MS = 1000,
	TRIES = 8, /* until a spool stays the newest while it is locked */
	/* The lines of some ten messages; a file system may count as blocks of
	 * a file what it needs to find them. */
	ROOM_OCTETS = 8192,
	BLOCK_OCTETS = 512,  /* of st_blocks, whatever the file system's are */
	NAMES_LISTED = 1024, /* the newest of spool/ */
	NAMES_LOOKED_AT = 4096, /* for what was set aside: one is enough */
};

/* Of a store that no other host writes to. */
#define NODE "local"

#define ASIDE "aside."

/* --- names -----------------------------------------------------------------
 */

bool spool_name_parse(const char *text, struct spool_name *name_r)
{
	size_t n = strcspn(text, ".");

	if (!node_valid(text, n) || text[n] != '.' || text[n + 1] == '0')
		return false;
	memcpy(name_r->node, text, n);
	name_r->node[n] = '\0';
	return num_parse(text + n + 1, strlen(text + n + 1), UINT32_MAX,
			 &name_r->n);
}

void spool_name_write(const struct spool_name *name,
		      char text_r[SPOOL_NAME_SIZE])
{
	snprintf(text_r, SPOOL_NAME_SIZE, "%.*s.%llu", NODE_SIZE - 1,
		 name->node, (unsigned long long)name->n);
}

/* --- which there are -------------------------------------------------------
 */

static int open_directory(const struct mailbox *m, struct err *e)
{
	int fd = openat(m->dir, "spool",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return err_set(e, ERR_STATE,
			       "mailbox %s: no spool/: `restante store "
			       "upgrade` has not reached it yet",
			       m->id);
	return err_sys(e, "mailbox %s: spool", m->id);
}

static int by_age(const void *a, const void *b)
{
	const struct spool_name *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return strcmp(x->node, y->node);
}

/* There are never so many, but handlers make them. */
static void keep_newest(struct spool_list *l)
{
	size_t n = l->n / 2;

	qsort(l->list, l->n, sizeof(*l->list), by_age);
	memmove(l->list, l->list + l->n - n, n * sizeof(*l->list));
	l->n = n;
}

/* The directory stream takes the descriptor. */
static int scan(const struct mailbox *m, int fd, struct spool_list *l,
		struct err *e)
{
	DIR *d = fdopendir(fd);
	struct spool_name name;
	struct dirent *entry;

	*l = (struct spool_list){.list = NULL};
	if (!d) {
		close(fd);
		return err_sys(e, "mailbox %s: spool", m->id);
	}
	while ((entry = readdir(d))) {
		if (!spool_name_parse(entry->d_name, &name))
			continue;
		if (l->n == NAMES_LISTED)
			keep_newest(l);
		l->list = xgrow(l->list, l->n, sizeof(*l->list));
		l->list[l->n++] = name;
	}
	closedir(d);
	if (l->n)
		qsort(l->list, l->n, sizeof(*l->list), by_age);
	return 0;
}

int spool_scan(const struct mailbox *m, struct spool_list *l, struct err *e)
{
	int fd = open_directory(m, e);

	*l = (struct spool_list){.list = NULL};
	return fd < 0 ? -1 : scan(m, fd, l, e);
}

void spool_list_release(struct spool_list *l)
{
	free(l->list);
	*l = (struct spool_list){.list = NULL};
}

/* --- opening ---------------------------------------------------------------
 */

static bool is_spool(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_nlink == 1 &&
	       st->st_size <= SPOOL_OCTETS_MAX;
}

/* What handlers write may be a link, a fifo, or somebody else's file. */
static int open_at(const struct mailbox *m, int dir, const char *name,
		   int flags, struct stat *st_r, struct err *e)
{
	int fd = openat(dir, name,
			flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
			0660);

	if (fd < 0 && (errno == ENOENT || errno == EEXIST)) {
		err_sys(e, "mailbox %s: spool/%s", m->id, name);
		e->kind = ERR_ABSENT;
		return -1;
	}
	if (fd < 0 && errno != ELOOP && errno != ENXIO && errno != EISDIR &&
	    errno != EACCES)
		return err_sys(e, "mailbox %s: spool/%s", m->id, name);
	if (fd >= 0 && fstat(fd, st_r) == 0 && is_spool(st_r))
		return fd;
	if (fd >= 0)
		close(fd);
	return err_set(e, ERR_DAMAGED,
		       "mailbox %s: spool/%s is no spool: a link, not a "
		       "regular file, or longer than one",
		       m->id, name);
}

static int open_named(const struct mailbox *m, const struct spool_name *name,
		      int flags, struct err *e)
{
	int dir = open_directory(m, e), fd;
	char text[SPOOL_NAME_SIZE];
	struct stat st;

	if (dir < 0)
		return -1;
	spool_name_write(name, text);
	fd = open_at(m, dir, text, flags, &st, e);
	close(dir);
	return fd;
}

int spool_open(const struct mailbox *m, const struct spool_name *name,
	       struct err *e)
{
	return open_named(m, name, O_RDWR, e);
}

int spool_open_to_read(const struct mailbox *m, const struct spool_name *name,
		       struct err *e)
{
	return open_named(m, name, O_RDONLY, e);
}

int spool_unlink(const struct mailbox *m, const struct spool_name *name,
		 struct err *e)
{
	int dir = open_directory(m, e), result = 0;
	char text[SPOOL_NAME_SIZE];

	if (dir < 0)
		return -1;
	spool_name_write(name, text);
	if ((unlinkat(dir, text, 0) < 0 && errno != ENOENT) || fsync(dir) < 0)
		result = err_sys(e, "mailbox %s: unlink spool/%s", m->id, text);
	close(dir);
	return result;
}

void spool_set_aside(const struct mailbox *m, const struct spool_name *name)
{
	char text[SPOOL_NAME_SIZE], aside[SPOOL_NAME_SIZE + sizeof(ASIDE)];
	struct err e;
	int dir = open_directory(m, &e);

	if (dir < 0)
		return;
	spool_name_write(name, text);
	snprintf(aside, sizeof(aside), ASIDE "%s", text);
	if (renameat(dir, text, dir, aside) == 0)
		log_error("mailbox %s: spool/%s is no spool, and was moved to "
			  "spool/%s: who put it there?",
			  m->id, text, aside);
	close(dir);
}

/* What does not go on as the name of a spool is not shown: it is anybody's. */
static void note_aside(struct aside *a, const char *name)
{
	size_t before = sizeof(ASIDE) - 1;
	char text[SPOOL_NAME_SIZE];
	struct spool_name spool;

	if (strncmp(name, ASIDE, before) != 0 ||
	    !spool_name_parse(name + before, &spool))
		return;
	spool_name_write(&spool, text);
	if (a->n++ == 0 || strcmp(text, a->first + before) < 0)
		snprintf(a->first, sizeof(a->first), ASIDE "%s", text);
}

void store_aside_of(struct store *s, const char *id, struct aside *a_r)
{
	char path[MAILBOX_ID_LEN + sizeof("/spool")];
	struct dirent *entry;
	DIR *d;
	int fd;

	*a_r = (struct aside){.n = 0};
	snprintf(path, sizeof(path), "%s/spool", id);
	fd = openat(s->mailboxes, path,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return;
	}
	for (int i = 0; i < NAMES_LOOKED_AT && (entry = readdir(d)); i++)
		note_aside(a_r, entry->d_name);
	closedir(d);
}

/* --- appending -------------------------------------------------------------
 */

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
	return scan(a->mailbox, fd, l, e);
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
	a->fd = open_at(a->mailbox, a->dir, a->name, O_RDWR | O_APPEND, &st, e);
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
	a->fd = open_at(a->mailbox, a->dir, a->name,
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

	a.dir = open_directory(m, e);
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

	a.dir = open_directory(m, e);
	if (a.dir < 0)
		return -1;
	result = choose_with_room(&a, octets_of(lines, 1), e);
	if (result == 0)
		result = append(&a, lines, 1, true, e);
	let_go(&a);
	close(a.dir);
	return result;
}

/* --- reading all -----------------------------------------------------------
 */

bool spool_is_passed_over(const struct err *e)
{
	if (e->kind == ERR_DAMAGED)
		log_error("%s", e->text);
	return e->kind == ERR_ABSENT || e->kind == ERR_DAMAGED;
}

static int read_one(const struct mailbox *m, const struct spool_name *name,
		    const struct places *p, const struct spool_visitor *v,
		    struct err *e)
{
	int fd = spool_open_to_read(m, name, e), result;
	char text[SPOOL_NAME_SIZE];

	if (fd < 0)
		return spool_is_passed_over(e) ? 0 : -1;
	spool_name_write(name, text);
	result = spool_read_from(fd, p ? places_offset(p, text) : 0, "spool", v,
				 e);
	close(fd);
	return result < 0 ? err_prefix(e, "mailbox %s", m->id) : 0;
}

/* No more than there may be: a thousand forged ones hold nobody up. */
static size_t first_to_read(const struct spool_list *l)
{
	return l->n > SPOOLS_MAX ? l->n - SPOOLS_MAX : 0;
}

int spool_read_all(const struct mailbox *m, const struct spool_visitor *v,
		   struct err *e)
{
	return spool_read_beyond(m, NULL, v, e);
}

int spool_read_beyond(const struct mailbox *m, const struct places *p,
		      const struct spool_visitor *v, struct err *e)
{
	struct spool_list l;
	int result = spool_scan(m, &l, e);

	for (size_t i = first_to_read(&l); result == 0 && i < l.n; i++)
		result = read_one(m, &l.list[i], p, v, e);
	spool_list_release(&l);
	return result;
}

static int sync_one(const struct mailbox *m, const struct spool_name *name,
		    struct err *e)
{
	int fd = spool_open(m, name, e), result = 0;

	if (fd < 0)
		return e->kind == ERR_ABSENT || e->kind == ERR_DAMAGED ? 0 : -1;
	if (fsync(fd) < 0)
		result = err_sys(e, "mailbox %s: fsync spool", m->id);
	close(fd);
	return result;
}

int spool_sync_directory(const struct mailbox *m, struct err *e)
{
	int dir = open_directory(m, e), result = 0;

	if (dir < 0)
		return -1;
	if (fsync(dir) < 0)
		result = err_sys(e, "mailbox %s: fsync spool", m->id);
	close(dir);
	return result;
}

int spool_sync_all(const struct mailbox *m, struct err *e)
{
	struct spool_list l;
	int result = spool_scan(m, &l, e);

	for (size_t i = first_to_read(&l); result == 0 && i < l.n; i++)
		result = sync_one(m, &l.list[i], e);
	spool_list_release(&l);
	return result < 0 ? -1 : spool_sync_directory(m, e);
}
