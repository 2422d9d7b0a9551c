/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From format 1 to format 2, in place: `format` first, so that programs of
 * version 1 refuse the store (4xx) and those of version 2 deliver into tmp/ and
 * cur/, which are the same; then one mailbox after the other. Killed anywhere,
 * it goes on where it was. Opens no index and no message.
 */
#include "common/base.h"
#include "store/admin/private.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "common/num.h"
#include "store/admin/spool.h"
#include "store/admin/before.h"
#include "store/fault.h"
#include "store/lock_file.h"
#include "store/record.h"
#include "store/remove_tree.h"

enum {
	LOCK_WAIT_MS = 60 * 1000,
	NEXT_USED_SIZE = 48, /* of format 1's record at LOCK_FILE_MARK_AT */
};

static const char format_before[] = "restante 1\n";
static const char format_now[] = "restante 2\n";

/* --- the store -------------------------------------------------------------
 */

static int read_format(int dir, struct buf *text, struct err *e)
{
	char bytes[32];
	ssize_t n;
	int fd = openat(dir, "format", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "format");
	n = read(fd, bytes, sizeof(bytes));
	close(fd);
	if (n < 0 || !buf_add(text, bytes, (size_t)n))
		return err_sys(e, "format");
	return 0;
}

static int write_format(int dir, struct err *e)
{
	struct buf text;
	int result = -1;

	buf_init(&text, sizeof(format_now));
	if (buf_adds(&text, format_now))
		result = admin_replace_file(dir, "format", ADMIN_MODE_FILE,
					    &text, e);
	buf_release(&text);
	return result;
}

static int raise_format(int dir, struct err *e)
{
	struct buf text;
	int result;

	buf_init(&text, 32);
	result = read_format(dir, &text, e);
	if (result == 0 && strcmp(text.data, format_before) == 0)
		result = write_format(dir, e);
	else if (result == 0 && strcmp(text.data, format_now) != 0)
		result = err_set(e, ERR_CONFIG,
				 "format is neither \"restante 1\" nor "
				 "\"restante 2\"");
	buf_release(&text);
	return result;
}

int store_raise_format(const char *path, struct err *e)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result;

	if (dir < 0)
		return err_sys(e, "store %s", path);
	result = raise_format(dir, e);
	close(dir);
	return result < 0 ? err_prefix(e, "store %s", path) : 0;
}

/* --- a mailbox -------------------------------------------------------------
 */

static bool has(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * Format 1 knew a used password by device, inode and change time of its file:
 * the record is read here for the last time, and settled.
 */
static bool old_record_names(const struct mailbox *m, const struct stat *next)
{
	uint8_t bytes[NEXT_USED_SIZE], wanted[NEXT_USED_SIZE] = "RSTP";

	num_store64(wanted + 8, (uint64_t)next->st_dev);
	num_store64(wanted + 16, (uint64_t)next->st_ino);
	num_store64(wanted + 24, (uint64_t)next->st_ctim.tv_sec);
	num_store64(wanted + 32, (uint64_t)next->st_ctim.tv_nsec);
	num_store64(wanted + NEXT_USED_SIZE - 8,
		    record_checksum(wanted, NEXT_USED_SIZE - 8));
	return pread(m->lock, bytes, sizeof(bytes), LOCK_FILE_MARK_AT) ==
		       (ssize_t)sizeof(bytes) &&
	       memcmp(bytes, wanted, sizeof(bytes)) == 0;
}

static int settle_old_record(struct mailbox *m, struct err *e)
{
	struct stat next;

	if (fstatat(m->dir, KEY_FILE_NEXT, &next, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, KEY_FILE_NEXT);
	if (!old_record_names(m, &next))
		return 0;
	return admin_promote(m, "used", e);
}

/* Records of format 1 before the counters are none of format 2's. */
static int clear_old_records(const struct mailbox *m, struct err *e)
{
	static const uint8_t nothing[LOCK_FILE_COUNTERS_AT];
	struct stat st;

	if (lock_file_write(m, 0, nothing, sizeof(nothing), e) < 0)
		return -1;
	if (fstat(m->lock, &st) < 0 ||
	    (st.st_size < LOCK_FILE_SIZE &&
	     ftruncate(m->lock, LOCK_FILE_SIZE) < 0) ||
	    fsync(m->lock) < 0)
		return err_sys(e, "lock");
	return 0;
}

static int make_uids(int dir, struct err *e)
{
	if (has(dir, "uids"))
		return 0;
	return admin_make_file(dir, "uids", ADMIN_MODE_FILE_SHARED, "", 0, e);
}

static int close_lost(int dir, struct err *e)
{
	int fd = openat(dir, "lost",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "lost");
	result = admin_set_rights(fd, "lost", ADMIN_MODE_DIR, e);
	close(fd);
	return result;
}

static int say_upgraded(struct mailbox *m, struct err *e)
{
	struct admin_line l;

	admin_line_begin(&l, m->store, "settings", "upgrade");
	return admin_line_write(&l, m->dir, e);
}

/* Once alone: where gone/ is there, `lock` holds records of format 2. */
static int convert_records(struct mailbox *m, struct err *e)
{
	if (fsync(m->cur) < 0)
		return err_sys(e, "fsync cur");
	if (settle_old_record(m, e) < 0)
		return -1;
	fault_point("upgrade.settled");
	if (clear_old_records(m, e) < 0 || close_lost(m->dir, e) < 0 ||
	    say_upgraded(m, e) < 0 || make_uids(m->dir, e) < 0)
		return -1;
	fault_point("upgrade.cleared");
	return 0;
}

/*
 * gone/ comes last of the new: without it collectors are told to wait. index/
 * was written by handlers, so that nobody stronger reads it (docs/store.md):
 * what it knew of sessions goes with it.
 */
static int convert(struct mailbox *m, struct err *e)
{
	if (mailbox_is_of_before(m->dir) && convert_records(m, e) < 0)
		return -1;
	if (admin_make_directories(m->dir, e) < 0 ||
	    admin_sync(m->dir, ".", e) < 0)
		return -1;
	fault_point("upgrade.made");
	if (remove_tree(m->dir, "index", e) < 0)
		return -1;
	return admin_sync(m->dir, ".", e);
}

static int lock_both(struct mailbox *m, struct err *e)
{
	if (mailbox_lock_byte(m, MAILBOX_BYTE_COLLECT, true, LOCK_WAIT_MS, e) <
	    0)
		return -1;
	return mailbox_lock_byte(m, MAILBOX_BYTE_USE, true, LOCK_WAIT_MS, e);
}

int mailbox_upgrade(struct mailbox *m, bool *done_r, bool *waits_r,
		    struct err *e)
{
	int result = 0;

	*done_r = *waits_r = false;
	if (!has(m->dir, "index") && !mailbox_is_of_before(m->dir))
		return 0;
	if (admin_lock_for_change(m->dir, m->id, e) < 0)
		return -1;
	if (lock_both(m, e) < 0 || convert(m, e) < 0)
		result = err_prefix(e, "mailbox %s", m->id);
	*done_r = result == 0;
	*waits_r = has(m->dir, KEY_FILE_NEXT);
	admin_end(m);
	return result;
}
