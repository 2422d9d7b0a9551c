/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that are read whole and replaced whole. Knows not what they say. */
#include "common/base.h"
#include "handlers/console/parts/cache_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "common/log.h"
#include "common/read_all.h"

enum { SETTLED_SECONDS = 2, ABANDONED_SECONDS = 60 };

void file_stamp(const struct stat *st, char out[FILE_STAMP_SIZE])
{
	snprintf(out, FILE_STAMP_SIZE, "%jx.%jx.%jx.%jx.%lx.%jx.%lx",
		 (uintmax_t)st->st_dev, (uintmax_t)st->st_ino,
		 (uintmax_t)st->st_size, (uintmax_t)st->st_mtim.tv_sec,
		 (unsigned long)st->st_mtim.tv_nsec,
		 (uintmax_t)st->st_ctim.tv_sec,
		 (unsigned long)st->st_ctim.tv_nsec);
}

/* A time that is still to come says nothing. */
bool file_is_settled(const struct stat *st, time_t now)
{
	return now - st->st_ctim.tv_sec >= SETTLED_SECONDS;
}

bool cache_file_read(int state, const char *name, struct buf *out)
{
	int fd = openat(state, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool good;

	if (fd < 0)
		return false;
	good = read_all(fd, out) == 0;
	close(fd);
	return good;
}

/* Of two that write at once one does; a killed one's rest is removed later. */
static int create_cache_file(int state, const char *fresh, time_t now)
{
	int fd = openat(state, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			0600);
	struct stat st;

	if (fd < 0 && errno == EEXIST &&
	    fstatat(state, fresh, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now - st.st_ctim.tv_sec > ABANDONED_SECONDS)
		(void)unlinkat(state, fresh, 0);
	return fd;
}

void cache_file_write(int state, const char *name, const struct buf *text,
		      time_t now)
{
	char fresh[NAME_MAX + 1];
	bool good;
	int fd;

	snprintf(fresh, sizeof(fresh), "%s.new", name);
	fd = create_cache_file(state, fresh, now);
	if (fd < 0)
		return;
	good = write_all(fd, text->data, text->len) == 0 &&
	       renameat(state, fresh, state, name) == 0;
	close(fd);
	if (good)
		return;
	log_info("console's %s: %s", name, strerror(errno));
	(void)unlinkat(state, fresh, 0);
}
