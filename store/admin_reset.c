/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A new key for a mailbox whose password is lost: only for a suspended one,
 * with nobody in it, and never with more messages left behind than somebody
 * has agreed to.
 */
#include "common/base.h"
#include "store/admin_private.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "store/fault.h"
#include "store/identity.h"
#include "store/listing.h"
#include "store/sweep.h"

enum { RECIPIENT_MAX = 128 };

/* lost/<own public key>: opened, or made. */
static int open_lost(const struct mailbox *m, struct err *e)
{
	const char *own = m->settings.recipients.list[0];
	int lost = openat(m->dir, "lost", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (lost < 0)
		return err_sys(e, "lost");
	fd = openat(lost, own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		fd = admin_make_directory(lost, own, ADMIN_MODE_DIR_SHARED, e);
		if (fd >= 0 && admin_sync(lost, "lost", e) < 0) {
			close(fd);
			fd = -1;
		}
	} else if (fd < 0) {
		err_sys(e, "lost/%s", own);
	}
	close(lost);
	return fd;
}

/* A password that turns up again opens its mail, if its identity is there. */
static int keep_identity(const struct mailbox *m, int lost, const char *name,
			 struct err *e)
{
	if (linkat(m->dir, name, lost, name, 0) == 0 || errno == EEXIST ||
	    errno == ENOENT)
		return 0;
	return err_sys(e, "link %s to lost/", name);
}

static int move_messages(const struct mailbox *m, int lost, struct err *e)
{
	struct listing l = {.list = NULL};
	int result = listing_scan(m, 0, &l, e);
	struct message_name message;
	char name[NAME_SIZE];

	for (size_t i = 0; result == 0 && i < l.n; i++) {
		listing_name(&l.list[i], &message);
		name_write_kept(&message, name);
		fault_point("admin.reset.moving");
		if (renameat(m->cur, name, lost, name) < 0)
			result = err_sys(e, "move %s to lost/", name);
	}
	listing_release(&l);
	if (result < 0 || admin_sync(lost, "lost", e) < 0)
		return -1;
	return admin_sync(m->cur, "cur", e);
}

static int move_to_lost(const struct mailbox *m, struct err *e)
{
	int lost = open_lost(m, e), result;

	if (lost < 0)
		return -1;
	result = keep_identity(m, lost, "identity.age", e);
	if (result == 0)
		result = keep_identity(m, lost, "identity.recovery.age", e);
	if (result == 0)
		result = move_messages(m, lost, e);
	close(lost);
	return result;
}

static int write_new_key(struct mailbox *m, const struct secret *private_key,
			 unsigned log_n, struct secret *password_r,
			 struct err *e)
{
	if (admin_unlink(m->dir, "identity.age.next", e) < 0 ||
	    admin_seal_identity(m->dir, "identity.age", private_key, log_n,
				password_r, e) < 0)
		return -1;
	if (admin_write_settings(m->dir, &m->settings, e) < 0)
		return -1;
	return admin_seal_recovery(m->dir, &m->settings, private_key, e);
}

/*
 * identity.age and mailbox.conf cannot change in one step, and what is killed
 * in between leaves a key that nobody has the password of. So a mark is set
 * before: while it stands the mailbox cannot be activated, and another reset
 * begins anew. It goes when the new password has been shown.
 */
static int replace_key(struct mailbox *m, unsigned log_n,
		       struct secret *password_r, struct err *e)
{
	struct secret private_key;
	struct buf own;
	int result;

	if (admin_unlink(m->dir, ADMIN_RESET_MARK, e) < 0 ||
	    admin_make_file(m->dir, ADMIN_RESET_MARK, ADMIN_MODE_FILE, "", 0,
			    e) < 0 ||
	    admin_sync(m->dir, ".", e) < 0)
		return -1;
	buf_init(&own, RECIPIENT_MAX);
	identity_new(&private_key, &own);
	free(m->settings.recipients.list[0]);
	m->settings.recipients.list[0] = xstrdup(own.data);
	buf_release(&own);
	admin_name_session_key(&m->settings, &private_key);
	result = write_new_key(m, &private_key, log_n, password_r, e);
	secret_release(&private_key);
	return result;
}

/*
 * What pop3-proxy kept is in lost/ now: fetched again, it is to be kept again.
 * An open session sees by the missing header that it begins anew.
 */
static int forget_seen(struct mailbox *m, struct err *e)
{
	int fd = openat(m->dir, "seen", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	int result = 0;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || ftruncate(fd, 0) < 0 || fsync(fd) < 0)
		result = err_sys(e, "mailbox %s: seen", m->id);
	if (fd >= 0)
		close(fd);
	return result;
}

/* Under the locks of admin_begin(). */
static int reset(struct mailbox *m, uint64_t messages, unsigned log_n,
		 struct secret *password_r, struct err *e)
{
	struct sweep_report report;

	if (admin_claim(m, messages, e) < 0)
		return -1;
	if (move_to_lost(m, e) < 0)
		return -1;
	if (forget_seen(m, e) < 0 || replace_key(m, log_n, password_r, e) < 0)
		return -1;
	/* Left undone, the next one in does it: the files are the truth. */
	if (mailbox_sweep_held(m, &report, e) < 0)
		log_warn("%s; the counters follow later", e->text);
	return 0;
}

int mailbox_reset(struct mailbox *m, uint64_t messages, unsigned log_n,
		  struct secret *password_r, struct err *e)
{
	struct sweep_report report;
	int result;

	*password_r = SECRET_EMPTY;
	/* A proxy's pending copy is a message too: it is taken in first. */
	if (mailbox_sweep(m, &report, e) < 0 || admin_begin(m, e) < 0)
		return -1;
	result = reset(m, messages, log_n, password_r, e);
	if (result < 0)
		secret_release(password_r);
	admin_end(m);
	return result;
}

int mailbox_reset_end(struct mailbox *m, struct err *e)
{
	int result;

	if (admin_begin(m, e) < 0)
		return -1;
	result = admin_unlink(m->dir, ADMIN_RESET_MARK, e);
	if (result == 0)
		result = admin_sync(m->dir, ".", e);
	admin_end(m);
	return result < 0 ? err_prefix(e, "mailbox %s", m->id) : 0;
}
