/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Another password for the same keys, and other keys under the same password.
 * No message is touched; no password is kept.
 */
#include "common/base.h"
#include "store/admin/private.h"

#include <unistd.h>

#include "common/log.h"
#include "common/random_id.h"
#include "store/fault.h"
#include "store/seal/identity.h"
#include "store/lock_file.h"

enum { RECIPIENT_MAX = 128 };

/* --- a new password ------------------------------------------------------- */

/* One of a version before is told its session key by whoever opens it. */
static int complete_settings(struct mailbox *m, const struct secret *keys,
			     struct err *e)
{
	char before[SESSION_KEY_HEX_LEN + 1];

	memcpy(before, m->settings.session_key, sizeof(before));
	admin_name_session_key(&m->settings, keys);
	if (strcmp(before, m->settings.session_key) == 0)
		return 0;
	return admin_write_settings(m, e);
}

static int put_next(struct mailbox *m, const struct secret *keys,
		    unsigned log_n, const struct secret *password,
		    struct err *e)
{
	if (complete_settings(m, keys, e) < 0 ||
	    admin_seal_identity(m->dir, KEY_FILE_NEXT, keys, log_n, password,
				e) < 0)
		return -1;
	fault_point("admin.password.sealed");
	if (admin_key_line(m, "passwd", KEY_FILE_NEXT ".new", e) < 0)
		return -1;
	return admin_rename(m->dir, KEY_FILE_NEXT ".new", KEY_FILE_NEXT, e);
}

int mailbox_password_change(struct mailbox *m,
			    const struct mailbox_opener *opener, unsigned log_n,
			    struct secret *password_r, struct err *e)
{
	struct secret keys = SECRET_EMPTY, password;
	int result;

	if (admin_begin_keys(m, e) < 0)
		return -1;
	password_new(&password);
	result = admin_open_keys(m, opener, &keys, e);
	if (result == 0) {
		result = put_next(m, &keys, log_n, &password, e);
		if (result < 0)
			err_prefix(e, "mailbox %s", m->id);
	}
	secret_release(&keys);
	admin_end(m);
	if (result < 0)
		secret_release(&password);
	*password_r = password;
	return result;
}

/* --- a new key ------------------------------------------------------------ */

static void name_new_key(struct mailbox *m, const struct secret *keys)
{
	struct buf own;

	buf_init(&own, RECIPIENT_MAX);
	identity_recipient(keys, &own);
	free(m->settings.recipients.list[0]);
	m->settings.recipients.list[0] = xstrdup(own.data);
	buf_release(&own);
	admin_name_session_key(&m->settings, keys);
}

/* Those that remain; the file of the last one that was removed stays as it is.
 */
static int reseal_recovery(const struct mailbox *m, const struct secret *keys,
			   struct err *e)
{
	if (m->settings.recipients.n == 1 ||
	    faccessat(m->dir, KEY_FILE_RECOVERY, F_OK, 0) < 0)
		return 0;
	return admin_seal_recovery(m->dir, &m->settings, keys, e);
}

/*
 * mailbox.conf comes last: mail is never sealed to a key that the password
 * does not open.
 */
static int put_keys(struct mailbox *m, const struct secret *keys,
		    unsigned log_n, const struct secret *password,
		    struct err *e)
{
	if (admin_seal_identity(m->dir, KEY_FILE, keys, log_n, password, e) < 0)
		return -1;
	fault_point("admin.rekey.sealed");
	if (admin_key_line(m, "rekey", KEY_FILE ".new", e) < 0 ||
	    admin_rename(m->dir, KEY_FILE ".new", KEY_FILE, e) < 0)
		return -1;
	fault_point("admin.rekey.identity");
	if (reseal_recovery(m, keys, e) < 0)
		return -1;
	fault_point("admin.rekey.recovery");
	return admin_write_settings(m, e);
}

/* With a password that waits there would be two files to seal anew. */
static int check_at_rest(struct mailbox *m, struct err *e)
{
	int waits = admin_next_waits(m, e);

	if (waits < 0)
		return -1;
	if (waits > 0)
		return err_set(e, ERR_STATE,
			       "mailbox %s has a new password that nobody has "
			       "used: confirm it first, or cancel it",
			       m->id);
	return admin_claim_messages(m, e);
}

int admin_rekey(struct mailbox *m, const struct secret *password,
		unsigned log_n, struct err *e)
{
	const struct mailbox_opener opener = {.password = password};
	struct secret keys = SECRET_EMPTY;
	int result = check_at_rest(m, e);

	if (result == 0)
		result = admin_open_keys(m, &opener, &keys, e);
	if (result == 0)
		result = identity_put_new(&keys, e);
	if (result == 0) {
		name_new_key(m, &keys);
		result = put_keys(m, &keys, log_n, password, e);
	}
	secret_release(&keys);
	return result;
}

int mailbox_rekey(struct mailbox *m, const struct secret *password,
		  unsigned log_n, struct err *e)
{
	struct err reading;
	int result;

	if (admin_begin_keys(m, e) < 0)
		return -1;
	result = admin_rekey(m, password, log_n, e);
	if (result < 0)
		admin_read_anew(m, &reading);
	admin_end(m);
	return result;
}
