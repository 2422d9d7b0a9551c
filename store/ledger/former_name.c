/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One rule for who moves a ledger and who looks for it. Writes nothing. */
#include "common/base.h"
#include "store/ledger/former_name.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool take_ulid(const char *origin, char name_r[FORMER_NAME_SIZE])
{
	const char *slash = strrchr(origin, '/');

	if (!slash || !ulid_valid(slash + 1, strlen(slash + 1)))
		return false;
	memcpy(name_r, slash + 1, FORMER_NAME_SIZE);
	return true;
}

void former_name(const char *origin, const char *next,
		 char name_r[FORMER_NAME_SIZE])
{
	name_r[0] = '\0';
	if (!take_ulid(origin, name_r))
		(void)!take_ulid(next, name_r);
}

static int open_folder(int dir, const char *name)
{
	return openat(dir, name,
		      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int former_folder(int dir, const char *origin, const char *next)
{
	char name[FORMER_NAME_SIZE];
	int former = open_folder(dir, FORMER_DIRECTORY), fd, failure;

	if (former < 0)
		return -1;
	former_name(origin, next, name);
	fd = open_folder(former, name);
	failure = errno;
	close(former);
	errno = failure;
	return fd;
}
