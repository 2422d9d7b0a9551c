/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Spools as files: their names, which there are, opening and reading them. What
 * a line says is no business of this file.
 */
#include "common/base.h"
#include "store/spool_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "common/num.h"
#include "store/ledger/places.h"

enum {
	NAMES_LISTED = 1024,	/* the newest of spool/ */
	NAMES_LOOKED_AT = 4096, /* for what was set aside: one is enough */
};

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

int spool_open_directory(const struct mailbox *m, struct err *e)
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
int spool_scan_at(const struct mailbox *m, int fd, struct spool_list *l,
		  struct err *e)
{
	DIR *d = fdopendir(fd);
	struct spool_name name;
	struct dirent *entry;
	int failed;

	*l = (struct spool_list){.list = NULL};
	if (!d) {
		close(fd);
		return err_sys(e, "mailbox %s: spool", m->id);
	}
	while (errno = 0, (entry = readdir(d))) {
		if (!spool_name_parse(entry->d_name, &name))
			continue;
		if (l->n == NAMES_LISTED)
			keep_newest(l);
		l->list = xgrow(l->list, l->n, sizeof(*l->list));
		l->list[l->n++] = name;
	}
	failed = errno;
	closedir(d);
	if (l->n)
		qsort(l->list, l->n, sizeof(*l->list), by_age);
	errno = failed;
	return failed ? err_sys(e, "mailbox %s: spool", m->id) : 0;
}

int spool_scan(const struct mailbox *m, struct spool_list *l, struct err *e)
{
	int fd = spool_open_directory(m, e);

	*l = (struct spool_list){.list = NULL};
	return fd < 0 ? -1 : spool_scan_at(m, fd, l, e);
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
int spool_open_at(const struct mailbox *m, int dir, const char *name, int flags,
		  struct stat *st_r, struct err *e)
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
	int dir = spool_open_directory(m, e), fd;
	char text[SPOOL_NAME_SIZE];
	struct stat st;

	if (dir < 0)
		return -1;
	spool_name_write(name, text);
	fd = spool_open_at(m, dir, text, flags, &st, e);
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
	int dir = spool_open_directory(m, e), result = 0;
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
	int dir = spool_open_directory(m, &e);

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
	int dir = spool_open_directory(m, e), result = 0;

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
