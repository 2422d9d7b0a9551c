/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Durable files with exact rights. Knows nothing of mailboxes. */
#include "common/base.h"
#include "store/admin/files.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "common/read_all.h"
#include "store/fault.h"

int admin_sync(int fd, const char *name, struct err *e)
{
	if (fsync(fd) < 0)
		return err_sys(e, "fsync %s", name);
	return 0;
}

/*
 * The set-group-id bit is inherited, and asking for it is forbidden in a
 * service with RestrictSUIDSGID=; so the rights are changed only where umask
 * or parent have made them others.
 */
int admin_set_rights(int fd, const char *name, mode_t mode, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat %s", name);
	if ((st.st_mode & ALLPERMS) != mode && fchmod(fd, mode) < 0)
		return err_sys(e, "chmod %s", name);
	return 0;
}

int admin_make_directory(int at, const char *name, mode_t mode, struct err *e)
{
	int fd;

	if (mkdirat(at, name, mode & ACCESSPERMS) < 0)
		return err_sys(e, "mkdir %s", name);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open %s", name);
	if (admin_set_rights(fd, name, mode, e) == 0)
		return fd;
	close(fd);
	return -1;
}

static int fill_file(int fd, const char *name, mode_t mode, const void *bytes,
		     size_t n, struct err *e)
{
	int result = 0;

	if (write_all(fd, bytes, n) < 0)
		result = err_sys(e, "write %s", name);
	else if (fchmod(fd, mode) < 0)
		result = err_sys(e, "chmod %s", name);
	else
		result = admin_sync(fd, name, e);
	if (close(fd) < 0 && result == 0)
		result = err_sys(e, "close %s", name);
	fault_point("admin.file.made");
	return result;
}

int admin_make_file(int at, const char *name, mode_t mode, const void *bytes,
		    size_t n, struct err *e)
{
	int fd =
		openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(e, "create %s", name);
	return fill_file(fd, name, mode, bytes, n, e);
}

/* The rest of one that was killed here is in nobody's way. */
int admin_replace_file(int at, const char *name, mode_t mode,
		       const struct buf *bytes, struct err *e)
{
	char fresh[NAME_MAX];

	snprintf(fresh, sizeof(fresh), "%s.new", name);
	if (admin_unlink(at, fresh, e) < 0)
		return -1;
	if (admin_make_file(at, fresh, mode, bytes->data, bytes->len, e) < 0) {
		(void)unlinkat(at, fresh, 0);
		return -1;
	}
	return admin_rename(at, fresh, name, e);
}

int admin_rename(int at, const char *from, const char *to, struct err *e)
{
	if (renameat(at, from, at, to) < 0)
		return err_sys(e, "rename %s to %s", from, to);
	fault_point("admin.renamed");
	return admin_sync(at, to, e);
}

int admin_unlink(int at, const char *name, struct err *e)
{
	if (unlinkat(at, name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s", name);
	fault_point("admin.unlinked");
	return 0;
}
