/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The beginning and the end of an administrator's change: one at a time for a
 * mailbox, over settings that are read anew, behind what was pending.
 */
#include "common/base.h"
#include "store/admin/private.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "store/admin/before.h"
#include "store/lock_file.h"

enum {
	CHANGE_TRIES = 100,
	KEYS_WAIT_MS = 10000,
	GLANCE_MS = 500,
};

int admin_read_settings(int dir, struct mailbox_conf *conf_r, struct err *e)
{
	static const char name[] = "mailbox.conf";
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

	if (admin_read_settings(m->dir, &now, e) < 0)
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
int admin_lock_for_change(int dir, const char *name, struct err *e)
{
	const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};

	for (int i = 0; i < CHANGE_TRIES; i++) {
		if (admin_lock_directory(dir))
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(e, "%s: flock", name);
		nanosleep(&pause, NULL);
	}
	return err_set(e, ERR_BUSY, "%s is being changed by somebody else",
		       name);
}

/* Under the flock: what is there cannot go, and is what we read. */
static int hold(struct mailbox *m, struct err *e)
{
	if (admin_lock_for_change(m->dir, m->id, e) < 0)
		return -1;
	if (mailbox_hold(m, e) == 0 && admin_read_anew(m, e) == 0)
		return 0;
	admin_end(m);
	return -1;
}

/*
 * Settings have nothing to do with a password: where a login (or what was taken
 * over) holds byte 3, settling is left to the next one.
 */
static void settle_if_free(struct mailbox *m)
{
	struct err e;

	if (key_files_unfinished(m, &e) < 0 ||
	    mailbox_lock_byte(m, MAILBOX_BYTE_KEYS, true, GLANCE_MS, &e) < 0)
		return;
	if (admin_settle(m, &e) < 0)
		log_warn("%s", e.text);
	mailbox_unlock_byte(m, MAILBOX_BYTE_KEYS);
}

int admin_begin(struct mailbox *m, struct err *e)
{
	if (hold(m, e) < 0)
		return -1;
	settle_if_free(m);
	return 0;
}

static int check_upgraded(const struct mailbox *m, struct err *e)
{
	if (!mailbox_is_of_before(m->dir))
		return 0;
	return err_set(e, ERR_TEMP,
		       "mailbox %s: `restante store upgrade` has not reached "
		       "it yet",
		       m->id);
}

static int hold_keys(struct mailbox *m, struct err *e)
{
	if (check_upgraded(m, e) < 0 || hold(m, e) < 0)
		return -1;
	if (mailbox_lock_byte(m, MAILBOX_BYTE_KEYS, true, KEYS_WAIT_MS, e) == 0)
		return 0;
	admin_end(m);
	return -1;
}

int admin_begin_keys(struct mailbox *m, struct err *e)
{
	if (hold_keys(m, e) < 0)
		return -1;
	if (key_files_unfinished(m, e) == 0 && admin_settle(m, e) == 0)
		return 0;
	admin_end(m);
	return -1;
}

/* While a reset is unfinished no password is in force that could be settled. */
int admin_begin_reset(struct mailbox *m, struct err *e)
{
	struct err ignored;

	if (hold_keys(m, e) < 0)
		return -1;
	if (key_files_unfinished(m, &ignored) < 0 || admin_settle(m, e) == 0)
		return 0;
	admin_end(m);
	return -1;
}

int admin_claim_messages(struct mailbox *m, struct err *e)
{
	if (mailbox_lock_byte(m, MAILBOX_BYTE_COLLECT, true,
			      MAILBOX_COLLECT_WAIT_MS, e) == 0)
		return 0;
	if (e->kind == ERR_BUSY)
		err_set(e, ERR_BUSY, "mailbox %s is being collected just now",
			m->id);
	return -1;
}

void admin_end(struct mailbox *m)
{
	mailbox_unlock_byte(m, MAILBOX_BYTE_KEYS);
	mailbox_unlock_byte(m, MAILBOX_BYTE_COLLECT);
	mailbox_release(m);
	flock(m->dir, LOCK_UN);
}
