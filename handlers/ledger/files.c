/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that are replaced as a whole. Leaves the old one or the new one. */
#include "common/base.h"
#include "handlers/ledger/files.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/read_all.h"
#include "store/fault.h"

int files_read(int dir, const char *name, struct buf *out, struct err *e)
{
	int fd = openat(dir, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int result = 0;

	buf_reset(out);
	if (fd < 0)
		return err_open(e, "ledger: %s", name);
	if (read_all(fd, out) < 0)
		result = err_sys(e, "ledger: %s", name);
	close(fd);
	return result;
}

int files_write_at(int fd, const struct buf *bytes, uint64_t at)
{
	size_t done = 0;

	while (done < bytes->len) {
		ssize_t n = pwrite(fd, bytes->data + done, bytes->len - done,
				   (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static int write_new(int dir, const char *name, mode_t mode,
		     const struct buf *bytes, struct err *e)
{
	int fd = openat(dir, name,
			O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			mode);
	int result = 0;

	if (fd < 0)
		return err_sys(e, "ledger: %s", name);
	if (write_all(fd, bytes->data, bytes->len) < 0 || fsync(fd) < 0)
		result = err_sys(e, "ledger: %s", name);
	if (close(fd) < 0 && result == 0)
		result = err_sys(e, "ledger: %s", name);
	return result;
}

int files_replace(int dir, const char *name, mode_t mode,
		  const struct buf *bytes, struct err *e)
{
	char beside[80];

	snprintf(beside, sizeof(beside), ".new-%s", name);
	if (write_new(dir, beside, mode, bytes, e) < 0)
		return -1;
	fault_point("ledger.beside");
	if (renameat(dir, beside, dir, name) < 0 || fsync(dir) < 0)
		return err_sys(e, "ledger: %s", name);
	fault_point("ledger.replaced");
	return 0;
}

int files_sync_parent(int fd, const char *name, struct err *e)
{
	int parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = parent < 0 ? -1 : fsync(parent);

	if (result < 0)
		err_sys(e, "ledger: the directory of %s", name);
	if (parent >= 0)
		close(parent);
	return result;
}

int files_directory(int dir, const char *name, mode_t mode, struct err *e)
{
	bool made = mkdirat(dir, name, mode) == 0;
	int fd;

	if (!made && errno != EEXIST)
		return err_sys(e, "ledger: %s", name);
	if (made)
		fault_point("ledger.made");
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "ledger: %s", name);
	if (!made || files_sync_parent(fd, name, e) == 0)
		return fd;
	close(fd);
	return -1;
}
