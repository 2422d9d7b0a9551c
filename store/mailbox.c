/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An open mailbox: its directories and its settings. Opens no message and no
 * database.
 */
#include "common/base.h"
#include "store/mailbox_private.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "common/read_all.h"
#include "store/lock_file.h"

/* --- opening -------------------------------------------------------------- */

static int open_in(const struct mailbox *m, const char *name, int flags,
		   struct err *e)
{
	int fd = openat(m->dir, name, flags | O_CLOEXEC);

	if (fd < 0)
		err_sys(e, "mailbox %s: %s", m->id, name);
	return fd;
}

static int read_settings(struct mailbox *m, struct err *e)
{
	int fd = open_in(m, "mailbox.conf", O_RDONLY, e);
	struct stat file;
	int result;

	m->settings_file = (struct stat){.st_ino = 0};
	if (fd < 0)
		return -1;
	if (fstat(fd, &file) < 0)
		result = err_sys(e, "mailbox.conf");
	else
		result = mailbox_conf_read(fd, "mailbox.conf", &m->settings, e);
	close(fd);
	if (result < 0)
		return err_prefix(e, "mailbox %s", m->id);
	m->settings_file = file;
	return 0;
}

static int open_parts(struct mailbox *m, int lock_flags, struct err *e)
{
	m->tmp = open_in(m, "tmp", O_RDONLY | O_DIRECTORY, e);
	if (m->tmp < 0)
		return -1;
	m->cur = open_in(m, "cur", O_RDONLY | O_DIRECTORY, e);
	if (m->cur < 0)
		return -1;
	m->lock = open_in(m, "lock", lock_flags, e);
	if (m->lock < 0)
		return -1;
	return read_settings(m, e);
}

/* ENOENT here is the one proof that a mailbox does not exist. */
static int open_directory(struct mailbox *m, struct err *e)
{
	m->dir = openat(m->store->mailboxes, m->id,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->dir >= 0)
		return 0;
	if (errno == ENOENT)
		return err_set(e, ERR_ABSENT, "mailbox %s does not exist",
			       m->id);
	return err_sys(e, "mailbox %s", m->id);
}

static struct mailbox *mailbox_new(struct store *s, const char *id)
{
	struct mailbox *m = xcalloc(1, sizeof(*m));

	m->store = s;
	snprintf(m->id, sizeof(m->id), "%s", id);
	m->dir = m->tmp = m->cur = m->gone = m->lock = -1;
	return m;
}

struct mailbox *mailbox_open(struct store *s, const char *id, struct err *e)
{
	struct mailbox *m = mailbox_new(s, id);

	if (open_directory(m, e) < 0 || open_parts(m, O_RDWR, e) < 0)
		mailbox_close(&m);
	return m;
}

struct mailbox *mailbox_look_into(struct store *s, const char *id,
				  struct err *e)
{
	struct mailbox *m = mailbox_new(s, id);

	if (open_directory(m, e) < 0 || open_parts(m, O_RDONLY, e) < 0)
		mailbox_close(&m);
	return m;
}

struct mailbox *mailbox_look_at(struct store *s, const char *id, struct err *e)
{
	struct mailbox *m = mailbox_new(s, id);

	if (open_directory(m, e) < 0 ||
	    (m->lock = open_in(m, "lock", O_RDONLY, e)) < 0 ||
	    read_settings(m, e) < 0)
		mailbox_close(&m);
	return m;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void mailbox_close(struct mailbox **m_r)
{
	struct mailbox *m = *m_r;

	if (!m)
		return;
	close_fd(&m->lock);
	close_fd(&m->gone);
	close_fd(&m->cur);
	close_fd(&m->tmp);
	close_fd(&m->dir);
	mailbox_conf_release(&m->settings);
	free(m);
	*m_r = NULL;
}

const struct mailbox_conf *mailbox_settings(const struct mailbox *m)
{
	return &m->settings;
}

int mailbox_read_file(const struct mailbox *m, const char *name,
		      struct buf *out, struct stat *st_r, struct err *e)
{
	int fd = openat(m->dir, name, O_RDONLY | O_CLOEXEC), result = -1;

	if (fd < 0)
		return err_open(e, "mailbox %s: %s", m->id, name);
	if (fstat(fd, st_r) == 0)
		result = read_all(fd, out);
	if (result < 0)
		err_sys(e, "mailbox %s: %s", m->id, name);
	close(fd);
	return result;
}

/* --- holding it ------------------------------------------------------------
 */

/*
 * A mailbox is deleted by renaming its directory away under byte 2; so once
 * the byte is had, the name must still lead to the directory that is open.
 */
static int check_still_named(const struct mailbox *m, struct err *e)
{
	struct stat named, opened;

	if (fstat(m->dir, &opened) < 0)
		return err_sys(e, "mailbox %s", m->id);
	if (fstatat(m->store->mailboxes, m->id, &named, 0) == 0 &&
	    named.st_dev == opened.st_dev && named.st_ino == opened.st_ino)
		return 0;
	return err_set(e, ERR_ABSENT, "mailbox %s was deleted", m->id);
}

bool mailbox_is(const struct mailbox *m, const char *id)
{
	struct err e;

	return strcmp(m->id, id) == 0 && check_still_named(m, &e) == 0;
}

/* Settings are replaced by rename, so that another inode or time tells. */
static bool settings_are_those(const struct mailbox *m)
{
	const struct stat *read = &m->settings_file;
	struct stat now;

	return fstatat(m->dir, "mailbox.conf", &now, 0) == 0 &&
	       now.st_ino == read->st_ino && now.st_size == read->st_size &&
	       now.st_ctim.tv_sec == read->st_ctim.tv_sec &&
	       now.st_ctim.tv_nsec == read->st_ctim.tv_nsec;
}

static bool same_strings(const struct conf_strings *a,
			 const struct conf_strings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->list[i], b->list[i]) != 0)
			return false;
	return true;
}

/* Settings as they are on the disk, beside those of m. */
static bool read_beside(const struct mailbox *m, struct mailbox *now_r)
{
	struct err e;

	*now_r = (struct mailbox){.store = m->store, .dir = m->dir};
	memcpy(now_r->id, m->id, sizeof(now_r->id));
	return read_settings(now_r, &e) == 0;
}

bool mailbox_has_its_keys(const struct mailbox *m)
{
	struct mailbox now;
	bool same;

	if (settings_are_those(m))
		return true;
	if (!read_beside(m, &now))
		return false;
	same = same_strings(&now.settings.recipients, &m->settings.recipients);
	mailbox_conf_release(&now.settings);
	return same;
}

bool mailbox_is_on_hold(const struct mailbox *m)
{
	struct mailbox now;
	bool hold;

	if (settings_are_those(m))
		return m->settings.hold;
	if (!read_beside(m, &now))
		return true;
	hold = now.settings.hold;
	mailbox_conf_release(&now.settings);
	return hold;
}

static int follow_settings(struct mailbox *m, struct err *e)
{
	if (settings_are_those(m))
		return 0;
	mailbox_conf_release(&m->settings);
	return read_settings(m, e);
}

int mailbox_hold(struct mailbox *m, struct err *e)
{
	if (mailbox_lock_byte(m, MAILBOX_BYTE_USE, false, 0, e) < 0)
		return -1;
	if (check_still_named(m, e) == 0 && follow_settings(m, e) == 0)
		return 0;
	mailbox_release(m);
	return -1;
}

void mailbox_release(struct mailbox *m)
{
	mailbox_unlock_byte(m, MAILBOX_BYTE_USE);
}

/* --- for a table of all ----------------------------------------------------
 */

bool mailbox_glance(struct store *s, const char *id, struct stat *settings_r,
		    struct counters *counters_r)
{
	struct mailbox m = {.store = s};
	char path[MAILBOX_ID_LEN + sizeof("/mailbox.conf")];
	bool good;
	struct err e;

	snprintf(m.id, sizeof(m.id), "%s", id);
	snprintf(path, sizeof(path), "%s/mailbox.conf", id);
	if (fstatat(s->mailboxes, path, settings_r, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	snprintf(path, sizeof(path), "%s/lock", id);
	m.lock = openat(s->mailboxes, path, O_RDONLY | O_CLOEXEC);
	if (m.lock < 0)
		return false;
	good = mailbox_counters(&m, counters_r, &e) == 0;
	close_fd(&m.lock);
	return good;
}
