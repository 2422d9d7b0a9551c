/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded into a program under test: a disk on which each call about a name
 * and each sync takes SLOW_MS milliseconds, and so does each block of a hundred
 * names that a directory is read in. Built by test_slow_disk.py, never
 * installed.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

enum { NAMES_A_BLOCK = 100 };

static void wait_for_disk(void)
{
	const char *ms = getenv("SLOW_MS");

	/* Of all ways to wait the one that every sandbox of ours knows. */
	if (ms)
		poll(NULL, 0, atoi(ms));
}

int openat(int dir, const char *name, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	wait_for_disk();
	return REAL(openat)(dir, name, flags, mode);
}

int faccessat(int dir, const char *name, int mode, int flags)
{
	wait_for_disk();
	return REAL(faccessat)(dir, name, mode, flags);
}

int fsync(int fd)
{
	wait_for_disk();
	return REAL(fsync)(fd);
}

int fstatat(int dir, const char *name, struct stat *st, int flags)
{
	wait_for_disk();
	return REAL(fstatat)(dir, name, st, flags);
}

int unlinkat(int dir, const char *name, int flags)
{
	wait_for_disk();
	return REAL(unlinkat)(dir, name, flags);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	wait_for_disk();
	return REAL(renameat)(from_dir, from, to_dir, to);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to,
	      unsigned flags)
{
	wait_for_disk();
	return REAL(renameat2)(from_dir, from, to_dir, to, flags);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to,
	   int flags)
{
	wait_for_disk();
	return REAL(linkat)(from_dir, from, to_dir, to, flags);
}

struct dirent *readdir(DIR *dir)
{
	static unsigned long names;
	struct dirent *(*real)(DIR *) = REAL(readdir);

	if (names++ % NAMES_A_BLOCK == 0)
		wait_for_disk();
	return real(dir);
}
