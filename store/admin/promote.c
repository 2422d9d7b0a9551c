/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A new password put in force: by its mark, which says that it was used, or by
 * word. Opens no key, and takes no lock.
 */
#include "common/base.h"
#include "store/admin/private.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <unistd.h>

#include "store/admin/spool.h"
#include "store/fault.h"
#include "store/key_mark.h"

/* --- lines ---------------------------------------------------------------- */

static int read_digest(const struct mailbox *m, const char *name,
		       uint8_t digest_r[SHA256_DIGEST_SIZE], struct err *e)
{
	struct sha256_ctx sha;
	struct buf file;
	int result;

	buf_init(&file, KEY_FILE_MAX);
	result = key_file_read(m, name, &file, e);
	sha256_init(&sha);
	if (result == 0)
		sha256_update(&sha, file.len, (const uint8_t *)file.data);
	sha256_digest(&sha, SHA256_DIGEST_SIZE, digest_r);
	buf_release(&file);
	return result;
}

int admin_key_line(struct mailbox *m, const char *what, const char *name,
		   struct err *e)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct admin_line l;

	if (read_digest(m, name, digest, e) < 0)
		return -1;
	admin_line_begin(&l, m->store, "key", what);
	line_add(&l.w, "session-key", m->settings.session_key);
	line_add_hex(&l.w, "identity", digest, sizeof(digest));
	return admin_line_write(&l, m->dir, e);
}

/* --- settling ------------------------------------------------------------- */

int admin_next_waits(const struct mailbox *m, struct err *e)
{
	if (faccessat(m->dir, KEY_FILE_NEXT, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT
		       ? 0
		       : err_sys(e, "mailbox %s: " KEY_FILE_NEXT, m->id);
}

int admin_promote(struct mailbox *m, const char *what, struct err *e)
{
	if (admin_key_line(m, what, KEY_FILE_NEXT, e) < 0 ||
	    admin_rename(m->dir, KEY_FILE_NEXT, KEY_FILE, e) < 0)
		return err_prefix(e, "mailbox %s", m->id);
	fault_point("admin.promoted");
	return 0;
}

/* Without a session key in mailbox.conf nothing can be proved. */
static bool is_used(const struct mailbox *m, const struct buf *next)
{
	uint8_t public[SESSION_KEY_SIZE];

	return next->len > 0 &&
	       session_key_parse(m->settings.session_key, public) &&
	       key_mark_names(m, public, next);
}

int admin_settle(struct mailbox *m, struct err *e)
{
	struct buf next;
	int result;

	buf_init(&next, KEY_FILE_MAX);
	result = key_file_read_if_there(m, KEY_FILE_NEXT, &next, e);
	if (result == 0)
		result = is_used(m, &next) ? admin_promote(m, "used", e)
					   : admin_sync(m->dir, m->id, e);
	buf_release(&next);
	return result;
}
