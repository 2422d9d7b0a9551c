/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The settings of a mailbox, changed by one administrator at a time and
 * replaced as a whole: a handler reads the old ones or the new ones.
 */
#include "common/base.h"
#include "store/admin_private.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "store/listing.h"
#include "store/lock_file.h"

enum { CHANGE_TRIES = 100, CLAIM_WAIT_MS = 2000 };

static int read_settings(int dir, const char *name, struct mailbox_conf *conf_r,
			 struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC), result;

	if (fd < 0)
		return err_sys(e, "%s", name);
	result = mailbox_conf_read(fd, name, conf_r, e);
	close(fd);
	return result;
}

int admin_read_anew(struct mailbox *m, struct err *e)
{
	struct mailbox_conf now;

	if (read_settings(m->dir, "mailbox.conf", &now, e) < 0)
		return err_prefix(e, "mailbox %s", m->id);
	mailbox_conf_release(&m->settings);
	m->settings = now;
	return 0;
}

bool admin_lock_directory(int dir)
{
	return flock(dir, LOCK_EX | LOCK_NB) == 0;
}

/* Others hold it for a moment; ten seconds are more than patience. */
static int lock_for_change(const struct mailbox *m, struct err *e)
{
	const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};

	for (int i = 0; i < CHANGE_TRIES; i++) {
		if (admin_lock_directory(m->dir))
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(e, "mailbox %s: flock", m->id);
		nanosleep(&pause, NULL);
	}
	return err_set(e, ERR_BUSY,
		       "mailbox %s is being changed by somebody else", m->id);
}

int admin_begin(struct mailbox *m, struct err *e)
{
	if (lock_for_change(m, e) < 0)
		return -1;
	if (mailbox_hold(m, e) == 0 && admin_read_anew(m, e) == 0)
		return 0;
	admin_end(m);
	return -1;
}

void admin_end(struct mailbox *m)
{
	mailbox_unlock_byte(m, MAILBOX_BYTE_COLLECT);
	mailbox_release(m);
	flock(m->dir, LOCK_UN);
}

int admin_write_settings(int dir, const struct mailbox_conf *conf,
			 struct err *e)
{
	struct buf text;
	int result;

	buf_init(&text, MAILBOX_CONF_MAX);
	result = mailbox_conf_write(conf, &text, e);
	if (result == 0)
		result = admin_replace_file(dir, "mailbox.conf",
					    ADMIN_MODE_FILE, &text, e);
	buf_release(&text);
	return result;
}

/* A key of which nobody has the password must not take mail. */
static int check_activation(const struct mailbox *m, struct err *e)
{
	if (m->settings.suspended ||
	    faccessat(m->dir, ADMIN_RESET_MARK, F_OK, 0) < 0)
		return 0;
	return err_set(e, ERR_STATE,
		       "its reset was not completed: reset it once more");
}

int mailbox_update(struct mailbox *m,
		   int (*change)(struct mailbox_conf *conf, const void *arg,
				 struct err *e),
		   const void *arg, struct err *e)
{
	struct err reading;
	int result;

	if (admin_begin(m, e) < 0)
		return -1;
	result = change(&m->settings, arg, e);
	if (result == 0)
		result = check_activation(m, e);
	if (result == 0)
		result = admin_write_settings(m->dir, &m->settings, e);
	if (result < 0) {
		err_prefix(e, "mailbox %s", m->id);
		admin_read_anew(m, &reading); /* as it was before change() */
	}
	admin_end(m);
	return result;
}

/* --- before messages are taken away --------------------------------------- */

int mailbox_count(const struct mailbox *m, uint64_t *messages_r, struct err *e)
{
	struct listing l = {.list = NULL};
	int result = listing_scan(m, 0, &l, e);

	*messages_r = l.n;
	listing_release(&l);
	return result;
}

int admin_claim(struct mailbox *m, uint64_t messages, struct err *e)
{
	uint64_t found;

	if (!m->settings.suspended)
		return err_set(e, ERR_STATE,
			       "mailbox %s is active: suspend it first", m->id);
	if (mailbox_lock_byte(m, MAILBOX_BYTE_COLLECT, true, CLAIM_WAIT_MS, e) <
	    0) {
		if (e->kind == ERR_BUSY)
			err_set(e, ERR_BUSY,
				"mailbox %s is being collected just now",
				m->id);
		return -1;
	}
	if (mailbox_lock_byte(m, MAILBOX_BYTE_USE, true, CLAIM_WAIT_MS, e) <
	    0) {
		if (e->kind == ERR_BUSY)
			err_set(e, ERR_BUSY,
				"mailbox %s is being delivered to just now",
				m->id);
		return -1;
	}
	if (mailbox_count(m, &found, e) < 0)
		return -1;
	if (found > messages)
		return err_set(e, ERR_STATE,
			       "mailbox %s holds %ju messages now, more than "
			       "the %ju that were confirmed",
			       m->id, (uintmax_t)found, (uintmax_t)messages);
	return 0;
}
