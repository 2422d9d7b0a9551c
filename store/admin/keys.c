/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mailbox's keys, opened by what an administrator was given, and sealed
 * anew. Nothing is put in force that was not opened from the disk as proof.
 */
#include "common/base.h"
#include "store/admin/private.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/num.h"
#include "common/read_all.h"
#include "store/seal/identity.h"
#include "store/key_mark.h"
#include "store/login_key.h"
#include "store/seal/session_key.h"

void admin_name_session_key(struct mailbox_conf *conf,
			    const struct secret *keys)
{
	uint8_t public[SESSION_KEY_SIZE];

	session_key_public(keys, public);
	num_write_hex(public, sizeof(public), conf->session_key);
}

/* --- sealing -------------------------------------------------------------- */

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
static int prove(int dir, const char *name, const struct secret *keys,
		 const struct secret *password, struct err *e)
{
	struct secret opened = SECRET_EMPTY;
	struct buf file;
	int result;

	buf_init(&file, KEY_FILE_MAX);
	result = read_file(dir, name, &file, e);
	if (result == 0)
		result = identity_open(&file, password, &opened, e);
	if (result == 0 && !secret_equal(&opened, keys->bytes, keys->len))
		result = err_set(e, ERR_DAMAGED, "another key came out of it");
	secret_release(&opened);
	buf_release(&file);
	return result < 0 ? err_prefix(e, "%s: proof", name) : 0;
}

static int write_sealed(int dir, const char *fresh, const struct secret *keys,
			unsigned log_n, const struct secret *password,
			struct err *e)
{
	struct buf file;
	int result;

	buf_init(&file, KEY_FILE_MAX);
	result = identity_seal(keys, password, log_n, &file, e);
	if (result == 0)
		result = admin_unlink(dir, fresh, e);
	if (result == 0)
		result = admin_make_file(dir, fresh, ADMIN_MODE_FILE, file.data,
					 file.len, e);
	buf_release(&file);
	return result;
}

int admin_seal_identity(int dir, const char *name, const struct secret *keys,
			unsigned log_n, const struct secret *password,
			struct err *e)
{
	char fresh[64];

	snprintf(fresh, sizeof(fresh), "%s.new", name);
	if (write_sealed(dir, fresh, keys, log_n, password, e) == 0 &&
	    prove(dir, fresh, keys, password, e) == 0)
		return 0;
	(void)unlinkat(dir, fresh, 0);
	return -1;
}

int admin_seal_recovery(int dir, const struct mailbox_conf *conf,
			const struct secret *keys, struct err *e)
{
	struct buf file;
	int result;

	buf_init(&file, KEY_FILE_MAX);
	result = identity_seal_to(keys, conf->recipients.list + 1,
				  conf->recipients.n - 1, &file, e);
	if (result == 0)
		result = admin_replace_file(dir, KEY_FILE_RECOVERY,
					    ADMIN_MODE_FILE, &file, e);
	buf_release(&file);
	return result;
}

/* --- opening -------------------------------------------------------------- */

static int open_file(const struct mailbox *m, const char *name,
		     const struct mailbox_opener *opener, struct secret *keys_r,
		     struct err *e)
{
	struct buf file;
	int result;

	buf_init(&file, KEY_FILE_MAX);
	result = key_file_read(m, name, &file, e);
	if (result == 0) {
		result = opener->password
				 ? identity_open(&file, opener->password,
						 keys_r, e)
				 : identity_open_with(&file, opener->recovery,
						      keys_r, e);
		if (result < 0)
			err_prefix(e, "mailbox %s: %s", m->id, name);
	}
	buf_release(&file);
	return result;
}

/* The new password, used here, is confirmed by that. */
static int open_next(struct mailbox *m, const struct mailbox_opener *opener,
		     struct secret *keys_r, struct err *e)
{
	if (open_file(m, KEY_FILE_NEXT, opener, keys_r, e) < 0)
		return -1;
	if (admin_promote(m, "used", e) == 0)
		return 0;
	secret_release(keys_r);
	return -1;
}

/* One that was used is settled: what waits beside it is unused. */
static int open_with_password(struct mailbox *m,
			      const struct mailbox_opener *opener,
			      struct secret *keys_r, struct err *e)
{
	struct err first;
	int waits;

	if (open_file(m, KEY_FILE, opener, keys_r, e) == 0)
		return 0;
	if (e->kind != ERR_PASSWORD)
		return -1;
	first = *e;
	waits = admin_next_waits(m, e);
	if (waits > 0)
		return open_next(m, opener, keys_r, e);
	if (waits == 0)
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
			"recipient, there is no " KEY_FILE_RECOVERY,
			m->id);
}

/*
 * Where the last recovery key was removed its file is left, with the keys of
 * before: nobody may take these for all there is.
 */
static int check_current(const struct mailbox *m,
			 const struct mailbox_opener *opener,
			 struct secret *keys, struct err *e)
{
	if (login_key_check(m, keys, e) == 0)
		return 0;
	if (opener->recovery)
		err_set(e, ERR_STATE,
			"mailbox %s: this recovery key was removed, and opens "
			"what arrived before that alone",
			m->id);
	secret_release(keys);
	return -1;
}

static int put_used_in_force(struct mailbox *m, const struct secret *keys,
			     bool *done_r, struct err *e)
{
	uint8_t public[SESSION_KEY_SIZE];
	struct buf next;
	int result;

	session_key_public(keys, public);
	buf_init(&next, KEY_FILE_MAX);
	result = key_file_read_if_there(m, KEY_FILE_NEXT, &next, e);
	*done_r = result == 0 && next.len && key_mark_names(m, public, &next);
	if (*done_r)
		result = admin_promote(m, "used", e);
	buf_release(&next);
	return result;
}

/*
 * A mailbox of before names no session key, so that nobody could settle. Who
 * has the keys knows it: a password that was used is put in force now, and the
 * one that it has replaced is none.
 */
static int settle_of_before(struct mailbox *m,
			    const struct mailbox_opener *opener,
			    struct secret *keys, struct err *e)
{
	bool done = false;

	if (m->settings.session_key[0])
		return 0;
	if (put_used_in_force(m, keys, &done, e) == 0) {
		if (!done || !opener->password)
			return 0;
		err_set(e, ERR_PASSWORD,
			"mailbox %s: this password was replaced", m->id);
	}
	secret_release(keys);
	return -1;
}

int admin_open_keys(struct mailbox *m, const struct mailbox_opener *opener,
		    struct secret *keys_r, struct err *e)
{
	int result = opener->password ? open_with_password(m, opener, keys_r, e)
				      : open_file(m, KEY_FILE_RECOVERY, opener,
						  keys_r, e);

	if (result < 0) {
		explain(m, opener, e);
		return -1;
	}
	if (check_current(m, opener, keys_r, e) < 0)
		return -1;
	return settle_of_before(m, opener, keys_r, e);
}

int mailbox_open_key(struct mailbox *m, const struct mailbox_opener *opener,
		     struct secret *private_r, struct err *e)
{
	int result;

	if (admin_begin_keys(m, e) < 0)
		return -1;
	result = admin_open_keys(m, opener, private_r, e);
	admin_end(m);
	return result;
}
