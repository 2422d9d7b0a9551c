/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base.h"
#include "tests/support/test_dir.h"

#include <errno.h>
#include <ftw.h>
#include <unistd.h>

#include "common/log.h"

/* The socket below it has a name of at most 107 octets. */
enum { PARENT_MAX = 40 };

static const char *parent_of_all(void)
{
	const char *wanted = getenv("TMPDIR");

	if (wanted && strlen(wanted) <= PARENT_MAX)
		return wanted;
	return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

void test_dir_make(char path_r[TEST_DIR_SIZE])
{
	snprintf(path_r, TEST_DIR_SIZE, "%s/restante-XXXXXX", parent_of_all());
	if (!mkdtemp(path_r))
		die_temp("%s: %s", path_r, strerror(errno));
}

static int remove_one(const char *path, const struct stat *st UNUSED,
		      int type UNUSED, struct FTW *ftw UNUSED)
{
	return remove(path);
}

void test_dir_remove(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
