/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the ledger takes. Writes nothing, and holds a lock for one fsync. */
#include "common/base.h"
#include "store/taking.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/num.h"
#include "store/file_digest.h"
#include "store/leaving.h"
#include "store/mailbox_private.h"
#include "store/spool.h"
#include "store/ticket.h"

#define ADMIN_SPOOL "admin.spool"

enum {
	LOCKS_MS = 1000, /* for all spools of a mailbox together */
	ADMIN_TRIES = 8,
};

/* --- handlers' spools ------------------------------------------------------
 */

/* Nobody may hold us up: who keeps a lock is left out, and told of. */
static int lock_shared(int fd, int64_t end)
{
	struct flock f = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	const struct timespec pause = {.tv_nsec = 1000 * 1000};

	while (fcntl(fd, F_OFD_SETLK, &f) < 0) {
		if ((errno != EAGAIN && errno != EACCES) || clock_ms() >= end)
			return -1;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static void unlock(int fd)
{
	struct flock f = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	(void)fcntl(fd, F_OFD_SETLK, &f);
}

/*
 * Its length under the lock, synced: whoever appends takes back under the lock
 * what it could not finish. 0: it could not be had.
 */
static int measure(struct taking_spool *t, int64_t end, struct err *e)
{
	struct stat st;
	int result = 1;

	if (lock_shared(t->fd, end) < 0)
		return 0;
	if (fsync(t->fd) < 0 || fstat(t->fd, &st) < 0)
		result = err_sys(e, "spool %s", t->name);
	else
		t->size = (uint64_t)st.st_size;
	unlock(t->fd);
	return result;
}

static struct taking_spool *add(struct taking_list *l, const char *name,
				uint64_t n, int fd)
{
	struct taking_spool *t;

	l->list = xgrow(l->list, l->n, sizeof(*l->list));
	t = &l->list[l->n++];
	*t = (struct taking_spool){.n = n, .fd = fd};
	snprintf(t->name, sizeof(t->name), "%s", name);
	return t;
}

static int take_spool(const struct mailbox *m, const struct spool_name *name,
		      int64_t end, struct taking_list *l, struct err *e)
{
	int fd = spool_open_to_read(m, name, e), had;
	char text[SPOOL_NAME_SIZE];

	if (fd < 0)
		return spool_is_passed_over(e) ? 0 : -1;
	spool_name_write(name, text);
	had = measure(add(l, text, name->n, fd), end, e);
	if (had > 0)
		return 0;
	close(fd);
	l->n--;
	if (had < 0)
		return -1;
	l->left_out = true;
	log_warn("mailbox %s: spool/%s is locked for longer than it may be",
		 m->id, text);
	return 0;
}

/* A name that a cut could take back would be another file's tomorrow. */
int taking_spools(const struct mailbox *m, struct taking_list *l, struct err *e)
{
	int64_t end = clock_ms() + LOCKS_MS;
	struct spool_list names;
	int result = 0;

	*l = (struct taking_list){.list = NULL};
	if (spool_sync_directory(m, e) < 0 || spool_scan(m, &names, e) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < names.n && l->n < SPOOLS_MAX; i++)
		result = take_spool(m, &names.list[i], end, l, e);
	spool_list_release(&names);
	for (size_t i = 0; i + 1 < l->n; i++)
		l->list[i].full = true;
	return result;
}

void taking_release(struct taking_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		close(l->list[i].fd);
	free(l->list);
	*l = (struct taking_list){.list = NULL};
}

/* --- admin.spool -----------------------------------------------------------
 */

/* "admin.spool.<n>"; 0: it is no such name. */
static uint64_t admin_number(const char *name)
{
	size_t n = sizeof(ADMIN_SPOOL) - 1;
	uint64_t number;

	if (strncmp(name, ADMIN_SPOOL ".", n + 1) != 0 ||
	    !num_parse(name + n + 1, strlen(name + n + 1), UINT32_MAX, &number))
		return 0;
	return number;
}

/* How many were full; they are numbered from 1 on without a gap. */
static int count_full(int dir, uint64_t *n_r, struct err *e)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int failed;

	*n_r = 0;
	if (!d) {
		err_sys(e, "the directory of " ADMIN_SPOOL);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (errno = 0, (entry = readdir(d)))
		if (admin_number(entry->d_name) > *n_r)
			*n_r = admin_number(entry->d_name);
	failed = errno;
	closedir(d);
	errno = failed;
	return failed ? err_sys(e, "the directory of " ADMIN_SPOOL) : 0;
}

/* There may be none: nobody has changed anything yet. */
static int take_admin(int dir, const char *file, uint64_t n,
		      struct taking_list *l, struct err *e)
{
	int fd = openat(dir, file,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char name[ENTRY_SPOOL_SIZE];
	struct taking_spool *t;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "%s", file);
	snprintf(name, sizeof(name), "admin.%llu", (unsigned long long)n);
	t = add(l, name, n, fd);
	if (fsync(fd) < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "%s", file);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_DAMAGED, "%s is no regular file", file);
	t->size = (uint64_t)st.st_size;
	return 0;
}

static int take_admin_files(int dir, uint64_t full, struct taking_list *l,
			    struct err *e)
{
	char file[sizeof(ADMIN_SPOOL) + 24];

	for (uint64_t n = 1; n <= full; n++) {
		snprintf(file, sizeof(file), ADMIN_SPOOL ".%llu",
			 (unsigned long long)n);
		if (take_admin(dir, file, n, l, e) < 0)
			return -1;
		if (l->n)
			l->list[l->n - 1].full = true;
	}
	return take_admin(dir, ADMIN_SPOOL, full + 1, l, e);
}

/* One that became full in the midst of it is looked for again. */
static int take_all_admin(int dir, struct taking_list *l, struct err *e)
{
	uint64_t before, after;

	*l = (struct taking_list){.list = NULL};
	for (int i = 0; i < ADMIN_TRIES; i++) {
		if (count_full(dir, &before, e) < 0 ||
		    take_admin_files(dir, before, l, e) < 0 ||
		    count_full(dir, &after, e) < 0)
			return -1;
		if (before == after)
			return 0;
		taking_release(l);
	}
	return err_set(e, ERR_TEMP, ADMIN_SPOOL " is never the same twice");
}

int taking_admin(const struct mailbox *m, struct taking_list *l, struct err *e)
{
	return take_all_admin(m->dir, l, e);
}

int taking_store_admin(const struct store *s, struct taking_list *l,
		       struct err *e)
{
	return take_all_admin(s->dir, l, e);
}

/* --- what no line tells of -------------------------------------------------
 */

/* Of the listings' entries `named` is what is known, `fetched` what has left.
 */
struct taking_known {
	struct listing cur, gone;
	struct tickets tickets;
};

void taking_know(struct taking_known *k, const char *ulid)
{
	struct listing_entry *cur = listing_find(&k->cur, ulid);
	struct listing_entry *gone = listing_find(&k->gone, ulid);

	if (cur)
		cur->named = 1;
	if (gone)
		gone->named = 1;
}

void taking_know_left(struct taking_known *k, const char *ulid)
{
	struct listing_entry *gone = listing_find(&k->gone, ulid);

	if (gone)
		gone->fetched = 1;
}

/* The file may have left, or got other flags, since it was listed: then it is
 * somebody else's to tell. */
static int tell_found(const struct mailbox *m, const struct listing_entry *at,
		      bool in_gone, const struct taking_finder *f,
		      struct err *e)
{
	struct entry entry = {.kind = ENTRY_KEPT};
	struct entry_kept *k = &entry.kept;
	struct message_name name;
	char text[NAME_SIZE];

	listing_name(at, &name);
	listing_file_name(at, in_gone, text);
	if (file_digest_at(in_gone ? m->gone : m->cur, text, k->sha256) < 0)
		return 0;
	memcpy(k->ulid, name.ulid, sizeof(k->ulid));
	k->octets = name.octets;
	snprintf(k->by, sizeof(k->by), "found");
	k->when = time(NULL);
	return f->each(f->arg, &entry, e);
}

static int tell_left(const struct listing_entry *at,
		     const struct taking_finder *f, struct err *e)
{
	struct entry entry = {.kind = ENTRY_GONE};

	ulid_unpack(at->ulid, entry.gone.ulid);
	snprintf(entry.gone.by, sizeof(entry.gone.by), "former");
	entry.gone.when = time(NULL);
	return f->each(f->arg, &entry, e);
}

static bool has_ticket(const struct taking_known *k,
		       const struct listing_entry *at)
{
	char ulid[ULID_LEN + 1];

	ulid_unpack(at->ulid, ulid);
	return tickets_find(&k->tickets, ulid);
}

/* One of gone/ that is marked may come back, or is said to have been cut. */
static int look_through(const struct mailbox *m, const struct taking_known *k,
			bool in_gone, const struct taking_finder *f,
			struct err *e)
{
	const struct listing *l = in_gone ? &k->gone : &k->cur;

	for (size_t i = 0; i < l->n; i++) {
		const struct listing_entry *at = &l->list[i];
		bool waits = has_ticket(k, at);

		if (!at->named && (!waits || f->despite_tickets) &&
		    tell_found(m, at, in_gone, f, e) < 0)
			return -1;
		if (in_gone && f->first && !at->mark && !at->fetched &&
		    !waits && tell_left(at, f, e) < 0)
			return -1;
	}
	return 0;
}

static int find(struct mailbox *m, const struct taking_finder *f, struct err *e)
{
	struct taking_known k = {.cur = {.list = NULL}};
	int result = -1;

	if (leaving_open(m, e) == 0 && leaving_sync(m, e) == 0 &&
	    listing_scan(m, 0, &k.cur, e) == 0 &&
	    listing_scan_gone(m, 0, &k.gone, e) == 0 &&
	    tickets_scan(m, false, &k.tickets, e) == 0 &&
	    f->tell(f->arg, &k, e) == 0 &&
	    look_through(m, &k, false, f, e) == 0)
		result = look_through(m, &k, true, f, e);
	tickets_release(&k.tickets);
	listing_release(&k.gone);
	listing_release(&k.cur);
	return result;
}

int taking_found(struct store *s, const char *id, const struct taking_finder *f,
		 struct err *e)
{
	struct mailbox *m = mailbox_look_into(s, id, e);
	int result;

	if (!m)
		return -1;
	result = find(m, f, e);
	mailbox_close(&m);
	return result;
}
