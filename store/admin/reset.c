/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A new key for a mailbox whose password is lost: only for a suspended one,
 * with nobody in it, and never with more messages left behind than somebody
 * has agreed to.
 */
#include "common/base.h"
#include "store/admin/private.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "common/random_id.h"
#include "store/admin/spool.h"
#include "store/fault.h"
#include "store/seal/identity.h"
#include "store/leaving.h"
#include "store/listing.h"
#include "store/sweep/sweep.h"

enum { RECIPIENT_MAX = 128, KEPT_MAX = 1000 };

/* Handlers cannot write there, in one made by a version before either. */
static int open_or_make(int at, const char *name, struct err *e)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT)
		return err_sys(e, "%s", name);
	if (fd < 0)
		return admin_make_directory(at, name, ADMIN_MODE_DIR, e);
	if (admin_set_rights(fd, name, ADMIN_MODE_DIR, e) == 0)
		return fd;
	close(fd);
	return -1;
}

/* lost/<own public key>, its name durable. */
static int open_lost(const struct mailbox *m, struct err *e)
{
	int lost = open_or_make(m->dir, "lost", e), fd;

	if (lost < 0)
		return -1;
	fd = open_or_make(lost, m->settings.recipients.list[0], e);
	if (fd >= 0 && admin_sync(lost, "lost", e) < 0) {
		close(fd);
		fd = -1;
	}
	close(lost);
	return fd;
}

/* The first number that is free; whoever holds the mailbox's lock is alone. */
static int free_name(int lost, const char *kind, char *name_r, size_t size,
		     struct err *e)
{
	for (unsigned n = 1; n < KEPT_MAX; n++) {
		snprintf(name_r, size, "%s-%u.age", kind, n);
		if (faccessat(lost, name_r, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		return errno == ENOENT ? 0 : err_sys(e, "lost/");
	}
	return err_set(e, ERR_TEMP, "lost/ holds %d of %s", KEPT_MAX, kind);
}

/*
 * A password that turns up again opens its mail, if its identity is there. It
 * is moved, so that one that was killed and begins anew keeps nothing twice.
 */
static int keep_file(const struct mailbox *m, int lost, const char *name,
		     const char *kind, struct err *e)
{
	char kept[32];

	if (faccessat(m->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "%s", name);
	if (free_name(lost, kind, kept, sizeof(kept), e) < 0)
		return -1;
	if (renameat(m->dir, name, lost, kept) < 0)
		return err_sys(e, "move %s to lost/", name);
	fault_point("admin.reset.keeping");
	return 0;
}

static int keep_keys(const struct mailbox *m, int lost, struct err *e)
{
	if (keep_file(m, lost, KEY_FILE, "identity", e) < 0 ||
	    keep_file(m, lost, KEY_FILE_NEXT, "identity", e) < 0 ||
	    keep_file(m, lost, KEY_FILE_RECOVERY, "recovery", e) < 0 ||
	    admin_sync(lost, "lost", e) < 0)
		return -1;
	return admin_sync(m->dir, m->id, e);
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

/*
 * What undo keeps is sealed to the old key as well: brought back later it would
 * be mail that no collector can open.
 */
static int move_deleted(struct mailbox *m, int lost, struct err *e)
{
	struct listing l = {.list = NULL};
	struct message_name message;
	char name[NAME_SIZE];
	int result;

	if (!m->settings.undo)
		return 0;
	result = leaving_open(m, e) < 0 ? -1 : listing_scan_gone(m, 0, &l, e);
	for (size_t i = 0; result == 0 && i < l.n; i++) {
		listing_name(&l.list[i], &message);
		name_write_gone(&message, false, name);
		fault_point("admin.reset.moving");
		if (renameat(m->gone, name, lost, name) < 0 && errno != ENOENT)
			result = err_sys(e, "move %s to lost/", name);
	}
	listing_release(&l);
	if (result < 0 || admin_sync(lost, "lost", e) < 0)
		return -1;
	return admin_sync(m->gone, "gone", e);
}

static int move_to_lost(struct mailbox *m, struct err *e)
{
	int lost = open_lost(m, e), result;

	if (lost < 0)
		return -1;
	result = keep_keys(m, lost, e);
	if (result == 0)
		result = move_messages(m, lost, e);
	if (result == 0)
		result = move_deleted(m, lost, e);
	close(lost);
	return result;
}

static void name_new_key(struct mailbox *m, struct secret *key_r)
{
	struct buf own;

	buf_init(&own, RECIPIENT_MAX);
	identity_new(key_r, &own);
	free(m->settings.recipients.list[0]);
	m->settings.recipients.list[0] = xstrdup(own.data);
	buf_release(&own);
	admin_name_session_key(&m->settings, key_r);
}

/*
 * identity.age comes last: what is killed before it has no key to be kept that
 * nobody has the password of.
 */
static int put_key(struct mailbox *m, const struct secret *key, unsigned log_n,
		   const struct secret *password, struct err *e)
{
	if (admin_seal_identity(m->dir, KEY_FILE, key, log_n, password, e) <
		    0 ||
	    admin_key_line(m, "reset", KEY_FILE ".new", e) < 0 ||
	    admin_write_settings(m, e) < 0)
		return -1;
	fault_point("admin.reset.settings");
	if (m->settings.recipients.n > 1 &&
	    admin_seal_recovery(m->dir, &m->settings, key, e) < 0)
		return -1;
	return admin_rename(m->dir, KEY_FILE ".new", KEY_FILE, e);
}

static int replace_key(struct mailbox *m, unsigned log_n,
		       struct secret *password_r, struct err *e)
{
	struct secret key, password;
	int result;

	name_new_key(m, &key);
	password_new(&password);
	result = put_key(m, &key, log_n, &password, e);
	secret_release(&key);
	if (result < 0)
		secret_release(&password);
	*password_r = password;
	return result;
}

/*
 * Several files change, and what is killed in between leaves a key that nobody
 * has the password of. So a mark is set before: while it stands nobody logs in,
 * no password or key is changed, and the mailbox cannot be activated; another
 * reset begins anew. It goes when the new password has been shown.
 */
static int begin_unfinished(struct mailbox *m, uint64_t messages, struct err *e)
{
	struct admin_line l;

	admin_line_begin(&l, m->store, "key", "reset-begins");
	line_add_number(&l.w, "messages", messages);
	if (admin_line_write(&l, m->dir, e) < 0)
		return -1;
	if (faccessat(m->dir, KEY_RESET_MARK, F_OK, 0) < 0 &&
	    admin_make_file(m->dir, KEY_RESET_MARK, ADMIN_MODE_FILE, "", 0, e) <
		    0)
		return -1;
	return admin_sync(m->dir, m->id, e);
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

	if (admin_claim(m, messages, e) < 0 ||
	    begin_unfinished(m, messages, e) < 0 || move_to_lost(m, e) < 0 ||
	    forget_seen(m, e) < 0 || replace_key(m, log_n, password_r, e) < 0)
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
	if (mailbox_sweep(m, &report, e) < 0 || admin_begin_reset(m, e) < 0)
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

	if (admin_begin_reset(m, e) < 0)
		return -1;
	result = admin_key_line(m, "reset-ends", KEY_FILE, e);
	if (result == 0)
		result = admin_unlink(m->dir, KEY_RESET_MARK, e);
	if (result == 0)
		result = admin_sync(m->dir, ".", e);
	admin_end(m);
	return result < 0 ? err_prefix(e, "mailbox %s", m->id) : 0;
}
