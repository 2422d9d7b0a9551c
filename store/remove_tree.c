/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Removes a directory with all that is in it, and follows no link out of it. */
#include "common/base.h"
#include "store/remove_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "store/fault.h"

enum { LEVELS_MAX = 16 };

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int remove_levels(int at, const char *name, unsigned levels,
			 struct err *e);

/* No link is ever followed. */
static int remove_within(int at, const char *name, unsigned levels,
			 struct err *e)
{
	int fd = openat(at, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	int result = 0;

	if (!dir) {
		result = errno == ENOENT ? 0 : err_sys(e, "open %s", name);
		if (fd >= 0)
			close(fd);
		return result;
	}
	while (result == 0 && (d = readdir(dir))) {
		if (is_dot(d->d_name))
			continue;
		fault_point("tree.removing");
		if (unlinkat(fd, d->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno == EISDIR || errno == EPERM)
			result = remove_levels(fd, d->d_name, levels - 1, e);
		else
			result = err_sys(e, "remove %s", d->d_name);
	}
	closedir(dir);
	return result;
}

/*
 * Each level holds a descriptor. A mailbox has three; handlers write into it,
 * and one that was taken over may have made any number.
 */
static int remove_levels(int at, const char *name, unsigned levels,
			 struct err *e)
{
	if (!levels)
		return err_set(e, ERR_STATE,
			       "%s lies deeper than anything of ours: look "
			       "who made it, and remove it by hand",
			       name);
	if (remove_within(at, name, levels, e) < 0)
		return -1;
	if (unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s", name);
	return 0;
}

int remove_tree(int at, const char *name, struct err *e)
{
	return remove_levels(at, name, LEVELS_MAX, e);
}
