/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Giving a mailbox an alias, and taking it back. One by one for each mailbox:
 * whoever changes it holds its directory.
 */
#include "common/base.h"
#include "store/admin/private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "store/admin/spool.h"

/* A new store has them; in an older one the first alias makes them. */
static int open_aliases(const struct store *s, struct err *e)
{
	int fd = openat(s->dir, "aliases",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT)
		return fd >= 0 ? fd : err_sys(e, "store %s: aliases", s->path);
	fd = admin_make_directory(s->dir, "aliases", ADMIN_MODE_DIR, e);
	if (fd >= 0 && admin_sync(s->dir, s->path, e) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int write_line(const struct mailbox *m, const char *what,
		      const char *alias, struct err *e)
{
	struct admin_line l;

	admin_line_begin(&l, m->store, "settings", what);
	line_add(&l.w, "alias", alias);
	return admin_line_write(&l, m->dir, e);
}

/* Under a name that nobody has: the line comes before the link. */
static int make_free_link(const struct mailbox *m, int dir, const char *target,
			  char alias_r[MAILBOX_ALIAS_LEN + 1], struct err *e)
{
	do {
		mailbox_alias_new(alias_r);
		if (write_line(m, "alias", alias_r, e) < 0)
			return -1;
		if (symlinkat(target, dir, alias_r) == 0)
			return admin_sync(dir, "aliases", e);
	} while (errno == EEXIST);
	return err_sys(e, "store %s: aliases/%s", m->store->path, alias_r);
}

static int make_link(const struct mailbox *m,
		     char alias_r[MAILBOX_ALIAS_LEN + 1], struct err *e)
{
	char target[sizeof(ALIAS_TARGET) + MAILBOX_ID_LEN];
	int dir = open_aliases(m->store, e), result;

	if (dir < 0)
		return -1;
	snprintf(target, sizeof(target), ALIAS_TARGET "%s", m->id);
	result = make_free_link(m, dir, target, alias_r, e);
	close(dir);
	return result;
}

int mailbox_alias_make(struct mailbox *m, char alias_r[MAILBOX_ALIAS_LEN + 1],
		       struct err *e)
{
	int result;

	if (admin_begin(m, e) < 0)
		return -1;
	result = store_alias_of(m->store, m->id, alias_r, e);
	if (result == 0 && !alias_r[0])
		result = make_link(m, alias_r, e);
	admin_end(m);
	return result;
}

int admin_unlink_alias(const struct store *s, const char *id, struct err *e)
{
	char alias[MAILBOX_ALIAS_LEN + 1];
	int dir, result;

	if (store_alias_of(s, id, alias, e) < 0)
		return -1;
	if (!alias[0])
		return 0;
	dir = open_aliases(s, e);
	if (dir < 0)
		return -1;
	result = admin_unlink(dir, alias, e);
	if (result == 0)
		result = admin_sync(dir, "aliases", e);
	close(dir);
	return result;
}

static int remove_alias(const struct mailbox *m, struct err *e)
{
	char alias[MAILBOX_ALIAS_LEN + 1];

	if (store_alias_of(m->store, m->id, alias, e) < 0)
		return -1;
	if (alias[0] && write_line(m, "alias-remove", alias, e) < 0)
		return -1;
	return admin_unlink_alias(m->store, m->id, e);
}

int mailbox_alias_remove(struct mailbox *m, struct err *e)
{
	int result;

	if (admin_begin(m, e) < 0)
		return -1;
	result = remove_alias(m, e);
	admin_end(m);
	return result;
}
