/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Passwords that are being changed, as far as no key is opened for it: the
 * timer's round through all mailboxes, confirming and cancelling.
 */
#include "common/base.h"
#include "store/admin/private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "store/admin/spool.h"
#include "store/admin/before.h"
#include "store/fault.h"

/* --- directories ---------------------------------------------------------- */

static const struct {
	const char *name;
	mode_t mode;
} directories[] = {
	{"lost", ADMIN_MODE_DIR},	 {"tmp", ADMIN_MODE_DIR_SHARED},
	{"cur", ADMIN_MODE_DIR_SHARED},	 {"spool", ADMIN_MODE_DIR_SHARED},
	{"gone", ADMIN_MODE_DIR_SHARED},
};

static int make_directory(int dir, const char *name, mode_t mode, struct err *e)
{
	int fd, result;

	if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	fd = admin_make_directory(dir, name, mode, e);
	if (fd < 0)
		return -1;
	result = admin_sync(fd, name, e);
	close(fd);
	return result;
}

int admin_make_directories(int dir, struct err *e)
{
	for (size_t i = 0; i < N_ELEMENTS(directories); i++)
		if (make_directory(dir, directories[i].name,
				   directories[i].mode, e) < 0)
			return -1;
	return 0;
}

/* --- the timer's ---------------------------------------------------------- */

/* Somebody at work in it settles it himself. */
static int settle_waiting(struct store *s, const char *id, struct err *e)
{
	struct mailbox *m = mailbox_open(s, id, e);
	int result;

	if (!m)
		return -1;
	result = admin_begin_keys(m, e);
	if (result == 0)
		admin_end(m);
	else if (e->kind == ERR_BUSY || e->kind == ERR_ABSENT)
		result = 0;
	mailbox_close(&m);
	return result;
}

/*
 * Where no password waits there is nothing that could be lost (docs/store.md):
 * a mailbox at rest costs a few looks and no sync.
 */
static int settle_mailbox(struct store *s, const char *id, struct err *e)
{
	struct mailbox *m = mailbox_look_at(s, id, e);
	struct err unfinished;
	int waits;

	if (!m)
		return e->kind == ERR_ABSENT ? 0 : -1;
	waits = admin_next_waits(m, e);
	if (mailbox_is_of_before(m->dir))
		waits = 0; /* it is the upgrade's */
	else if (waits >= 0 && admin_make_directories(m->dir, e) < 0)
		waits = -1;
	if (waits > 0 && key_files_unfinished(m, &unfinished) < 0)
		waits = 0;
	mailbox_close(&m);
	return waits > 0 ? settle_waiting(s, id, e) : waits;
}

struct settling {
	struct store *store;
	struct err *first;
	bool failed;
};

/* One that fails keeps none of the others waiting. */
static int settle_next(const char *id, void *arg, struct err *e UNUSED)
{
	struct settling *s = arg;
	struct err failure;

	if (settle_mailbox(s->store, id, &failure) == 0)
		return 0;
	log_error("%s", failure.text);
	if (!s->failed)
		*s->first = failure;
	s->failed = true;
	return 0;
}

int store_settle(struct store *s, struct err *e)
{
	struct settling settling = {.store = s, .first = e};

	if (store_each_mailbox(s, settle_next, &settling, e) < 0)
		return -1;
	return settling.failed ? -1 : 0;
}

/* --- what an administrator decides ---------------------------------------- */

static int confirm(struct mailbox *m, bool waited, struct err *e)
{
	int waits = admin_next_waits(m, e);

	if (waits < 0)
		return -1;
	if (waits > 0)
		return admin_promote(m, "confirm", e);
	if (waited)
		return 0; /* it was used meanwhile, and settled just now */
	return err_set(e, ERR_STATE,
		       "mailbox %s has no new password to confirm", m->id);
}

int mailbox_password_confirm(struct mailbox *m, struct err *e)
{
	int waited = admin_next_waits(m, e), result;

	if (waited < 0 || admin_begin_keys(m, e) < 0)
		return -1;
	result = confirm(m, waited > 0, e);
	admin_end(m);
	return result;
}

static int cancel(struct mailbox *m, struct err *e)
{
	int waits = admin_next_waits(m, e);

	if (waits < 0)
		return -1;
	if (waits == 0)
		return err_set(e, ERR_STATE,
			       "mailbox %s has no new password that nobody has "
			       "used: there is none to cancel",
			       m->id);
	if (!m->settings.session_key[0])
		return err_set(e, ERR_STATE,
			       "mailbox %s is one of before, and cannot tell "
			       "whether its new password was used: confirm it, "
			       "or make another with the password in use",
			       m->id);
	if (admin_key_line(m, "cancel", KEY_FILE, e) < 0 ||
	    admin_unlink(m->dir, KEY_FILE_NEXT, e) < 0 ||
	    admin_sync(m->dir, m->id, e) < 0)
		return err_prefix(e, "mailbox %s", m->id);
	return 0;
}

int mailbox_password_cancel(struct mailbox *m, struct err *e)
{
	int result;

	if (admin_begin_keys(m, e) < 0)
		return -1;
	result = cancel(m, e);
	admin_end(m);
	return result;
}
