/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Passwords: what opens a mailbox's key, and how another password comes to
 * open it. No message is touched; no password is kept.
 */
#include "common/base.h"
#include "store/admin_private.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/num.h"
#include "common/read_all.h"
#include "store/identity.h"
#include "store/lock_file.h"
#include "store/session_key.h"

#define IDENTITY      "identity.age"
#define IDENTITY_NEXT "identity.age.next"
#define RECOVERY      "identity.recovery.age"

/* --- the session key ------------------------------------------------------ */

void admin_name_session_key(struct mailbox_conf *conf,
			    const struct secret *private_key)
{
	uint8_t public[SESSION_KEY_SIZE];

	session_key_public(private_key, public);
	num_write_hex(public, sizeof(public), conf->session_key);
}

/* --- writing identity files ----------------------------------------------- */

static int read_file(int dir, const char *name, struct buf *out, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC), result;

	if (fd < 0)
		return err_sys(e, "%s", name);
	result = read_all(fd, out);
	if (result < 0)
		err_sys(e, "%s", name);
	close(fd);
	return result;
}

/* Proof, from the disk: the password opens what was written. */
static int prove(int dir, const char *name, const struct secret *private_key,
		 const struct secret *password, struct err *e)
{
	struct secret opened = SECRET_EMPTY;
	struct buf file;
	int result;

	buf_init(&file, IDENTITY_MAX);
	result = read_file(dir, name, &file, e);
	if (result == 0)
		result = identity_open(&file, password, &opened, e);
	if (result == 0 &&
	    !secret_equal(&opened, private_key->bytes, private_key->len))
		result = err_set(e, ERR_DAMAGED, "another key came out of it");
	secret_release(&opened);
	buf_release(&file);
	return result < 0 ? err_prefix(e, "%s: proof", name) : 0;
}

static int write_and_prove(int dir, const char *fresh,
			   const struct secret *private_key, unsigned log_n,
			   const struct secret *password, struct err *e)
{
	struct buf file;
	int result;

	buf_init(&file, IDENTITY_MAX);
	result = identity_seal(private_key, password, log_n, &file, e);
	if (result == 0)
		result = admin_unlink(dir, fresh, e);
	if (result == 0)
		result = admin_make_file(dir, fresh, ADMIN_MODE_FILE, file.data,
					 file.len, e);
	buf_release(&file);
	if (result == 0)
		result = prove(dir, fresh, private_key, password, e);
	return result;
}

int admin_seal_identity(int dir, const char *name,
			const struct secret *private_key, unsigned log_n,
			struct secret *password_r, struct err *e)
{
	struct secret password;
	char fresh[64];

	snprintf(fresh, sizeof(fresh), "%s.new", name);
	password_new(&password);
	if (write_and_prove(dir, fresh, private_key, log_n, &password, e) < 0 ||
	    admin_rename(dir, fresh, name, e) < 0) {
		(void)unlinkat(dir, fresh, 0);
		secret_release(&password);
		return -1;
	}
	*password_r = password;
	return 0;
}

int admin_seal_recovery(int dir, const struct mailbox_conf *conf,
			const struct secret *private_key, struct err *e)
{
	struct buf file;
	int result;

	if (conf->recipients.n <= 1)
		return admin_unlink(dir, RECOVERY, e) < 0
			       ? -1
			       : admin_sync(dir, ".", e);
	buf_init(&file, IDENTITY_MAX);
	result = identity_seal_to(private_key, conf->recipients.list + 1,
				  conf->recipients.n - 1, &file, e);
	if (result == 0)
		result = admin_replace_file(dir, RECOVERY, ADMIN_MODE_FILE,
					    &file, e);
	buf_release(&file);
	return result;
}

/* --- a change in progress ------------------------------------------------- */

/* 1: one is in progress, with its file's state; 0: none. */
static int next_state(const struct mailbox *m, struct stat *st_r, struct err *e)
{
	if (fstatat(m->dir, IDENTITY_NEXT, st_r, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT
		       ? 0
		       : err_sys(e, "mailbox %s: %s", m->id, IDENTITY_NEXT);
}

/* The new password's file takes the old one's place. */
static int promote(struct mailbox *m, struct err *e)
{
	if (admin_rename(m->dir, IDENTITY_NEXT, IDENTITY, e) < 0)
		return err_prefix(e, "mailbox %s", m->id);
	return 0;
}

static int settle(struct mailbox *m, struct err *e)
{
	struct stat st;
	int state = next_state(m, &st, e);

	if (state <= 0 || !mailbox_next_used(m, &st))
		return state < 0 ? -1 : 0;
	return promote(m, e);
}

int mailbox_password_settle(struct mailbox *m, struct err *e)
{
	int result;

	if (admin_begin(m, e) < 0)
		return -1;
	result = settle(m, e);
	admin_end(m);
	return result;
}

int mailbox_password_confirm(struct mailbox *m, struct err *e)
{
	struct stat st;
	int state;

	if (admin_begin(m, e) < 0)
		return -1;
	state = next_state(m, &st, e);
	if (state == 0)
		state = err_set(e, ERR_STATE,
				"mailbox %s has no new password to confirm",
				m->id);
	else if (state > 0)
		state = promote(m, e);
	admin_end(m);
	return state;
}

/* --- opening -------------------------------------------------------------- */

static int open_file(const struct mailbox *m, const char *name,
		     const struct mailbox_opener *opener,
		     struct secret *private_r, struct err *e)
{
	struct stat st;
	struct buf file;
	int result;

	buf_init(&file, IDENTITY_MAX);
	result = mailbox_read_file(m, name, &file, &st, e);
	if (result == 0) {
		result = opener->password
				 ? identity_open(&file, opener->password,
						 private_r, e)
				 : identity_open_with(&file, opener->recovery,
						      private_r, e);
		if (result < 0)
			err_prefix(e, "mailbox %s: %s", m->id, name);
	}
	buf_release(&file);
	return result;
}

/* The new password, used here, is confirmed by that. */
static int open_next(struct mailbox *m, const struct mailbox_opener *opener,
		     struct secret *private_r, struct err *e)
{
	if (open_file(m, IDENTITY_NEXT, opener, private_r, e) < 0)
		return -1;
	if (promote(m, e) == 0)
		return 0;
	secret_release(private_r);
	return -1;
}

static int open_with_password(struct mailbox *m,
			      const struct mailbox_opener *opener,
			      struct secret *private_r, struct err *e)
{
	struct stat st;
	struct err first;
	int state;

	if (settle(m, e) < 0)
		return -1;
	if (open_file(m, IDENTITY, opener, private_r, e) == 0)
		return 0;
	if (e->kind != ERR_PASSWORD)
		return -1;
	first = *e;
	state = next_state(m, &st, e);
	if (state > 0)
		return open_next(m, opener, private_r, e);
	if (state == 0)
		*e = first;
	return -1;
}

/* What the caller gave is wrong, rather than something here. */
static void explain(const struct mailbox *m,
		    const struct mailbox_opener *opener, struct err *e)
{
	if (e->kind == ERR_PASSWORD)
		err_set(e, ERR_PASSWORD, "mailbox %s: %s", m->id,
			opener->password
				? "wrong password"
				: "its key is not sealed to this identity");
	else if (e->kind == ERR_ABSENT)
		err_set(e, ERR_STATE,
			"mailbox %s: its key is sealed to no recovery "
			"recipient, there is no " RECOVERY,
			m->id);
}

static int open_key(struct mailbox *m, const struct mailbox_opener *opener,
		    struct secret *private_r, struct err *e)
{
	int result = opener->password
			     ? open_with_password(m, opener, private_r, e)
			     : open_file(m, RECOVERY, opener, private_r, e);

	if (result < 0)
		explain(m, opener, e);
	return result;
}

int mailbox_open_key(struct mailbox *m, const struct mailbox_opener *opener,
		     struct secret *private_r, struct err *e)
{
	int result;

	if (admin_begin(m, e) < 0)
		return -1;
	result = open_key(m, opener, private_r, e);
	admin_end(m);
	return result;
}

int mailbox_password_change(struct mailbox *m,
			    const struct mailbox_opener *opener, unsigned log_n,
			    struct secret *password_r, struct err *e)
{
	struct secret private_key = SECRET_EMPTY;
	int result;

	if (admin_begin(m, e) < 0)
		return -1;
	result = open_key(m, opener, &private_key, e);
	if (result == 0) {
		result =
			admin_seal_identity(m->dir, IDENTITY_NEXT, &private_key,
					    log_n, password_r, e);
		if (result < 0)
			err_prefix(e, "mailbox %s", m->id);
	}
	secret_release(&private_key);
	admin_end(m);
	return result;
}
