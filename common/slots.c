/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Slots as locks of open file descriptions. The file stays empty and is never
 * removed: a second file of its name would double the limit.
 */
#include "common/base.h"
#include "common/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* 1: taken, 0: somebody else has it, -1: errno. */
static int take_byte(int fd, unsigned i)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)i,
		.l_len = 1,
	};

	while (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
		if (errno == EAGAIN || errno == EACCES)
			return 0;
		if (errno != EINTR)
			return -1;
	}
	return 1;
}

static int open_slots(const char *dir, const char *name)
{
	int fd = -1;
	int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir_fd < 0)
		return -1;
	fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		    0660);
	(void)close(dir_fd);
	return fd;
}

int slot_take(const char *dir, const char *name, unsigned max, struct err *e)
{
	int fd = open_slots(dir, name);
	int taken = 0;

	if (fd < 0)
		goto failed;
	for (unsigned i = 0; i < max && taken == 0; i++)
		taken = take_byte(fd, i);
	if (taken > 0)
		return fd;
	if (taken == 0) {
		(void)close(fd);
		return err_set(e, ERR_BUSY, "%s/%s: all %u slots are taken",
			       dir, name, max);
	}
failed:
	err_sys(e, "%s/%s", dir, name);
	e->kind = ERR_TEMP; /* a full disk is no different here */
	if (fd >= 0)
		(void)close(fd);
	return -1;
}
