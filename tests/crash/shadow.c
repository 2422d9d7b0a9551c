/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded into a program under test; stands before the C library's calls
 * that change a file system. Built by the tests that use it, never installed.
 *
 *	SHADOW_JOURNAL=FILE	appends a record for everything that was done,
 *				in the order in which it was done, whichever
 *				process did it (harness/shadow.py reads it)
 *	SHADOW_FAIL=CALL:N:ERRNO	the Nth such call fails and does nothing
 *	SHADOW_COUNT=FILE	writes the number of calls of SHADOW_FAIL's kind
 *
 * Writes to anything but a regular file are neither written down nor failed.
 */
#include <sys/stat.h>
#include <sys/uio.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

/* --- the Nth call fails ----------------------------------------------------
 */

static long calls;

/* Not allocated anywhere: malloc itself is one of the calls. */
static bool must_fail(const char *call)
{
	const char *wanted = getenv("SHADOW_FAIL");
	size_t n = strlen(call);
	char *rest;

	if (!wanted || strncmp(wanted, call, n) != 0 || wanted[n] != ':')
		return false;
	if (++calls != strtol(wanted + n + 1, &rest, 10))
		return false;
	errno = (int)strtol(rest + 1, NULL, 10);
	return true;
}

/* Opened before any sandbox; kept out of the way of other descriptors. */
static int open_early(const char *variable, int flags)
{
	const char *file = getenv(variable);
	int fd = file ? REAL(open)(file, flags | O_CLOEXEC) : -1;
	int kept = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 200);

	if (fd >= 0)
		close(fd);
	return kept;
}

static int count_fd = -1;

__attribute__((destructor)) static void tell_count(void)
{
	if (count_fd >= 0)
		dprintf(count_fd, "%ld\n", calls);
}

/* --- the journal ------------------------------------------------------------
 */

struct record {
	char what[8];
	uint64_t inode, folder;
	int64_t at;
	uint32_t name_len, data_len;
};

static int journal_fd = -1;

__attribute__((constructor)) static void open_files(void)
{
	journal_fd = open_early("SHADOW_JOURNAL", O_RDWR | O_APPEND);
	count_fd = open_early("SHADOW_COUNT", O_WRONLY | O_TRUNC);
}

static void lock_journal(short type)
{
	struct flock f = {.l_type = type, .l_whence = SEEK_SET};

	(void)fcntl(journal_fd, F_OFD_SETLKW, &f);
}

/*
 * Held from before the call to behind its record: so the order is the true
 * one. False: nothing is written down.
 */
static bool begin(void)
{
	if (journal_fd >= 0)
		lock_journal(F_WRLCK);
	return journal_fd >= 0;
}

static void end(bool journal)
{
	int saved = errno;

	if (journal)
		lock_journal(F_UNLCK);
	errno = saved;
}

static void note(const char *what, uint64_t inode, uint64_t folder, int64_t at,
		 const char *name, const void *data, size_t n)
{
	struct record r = {.inode = inode,
			   .folder = folder,
			   .at = at,
			   .name_len = (uint32_t)strlen(name),
			   .data_len = (uint32_t)n};

	strncpy(r.what, what, sizeof(r.what) - 1);
	(void)!REAL(write)(journal_fd, &r, sizeof(r));
	(void)!REAL(write)(journal_fd, name, r.name_len);
	(void)!REAL(write)(journal_fd, data, n);
}

static uint64_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static bool is_file(int fd)
{
	struct stat st;

	return fd != STDERR_FILENO && fstat(fd, &st) == 0 &&
	       S_ISREG(st.st_mode);
}

struct place {
	uint64_t folder, inode; /* inode 0: nothing is there */
	const char *name;
};

/* Where a path leads: the folder's inode, and what lies there now. */
static struct place find(int at, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct place p = {.name = slash ? slash + 1 : path};
	char folder[PATH_MAX] = ".";
	struct stat st;

	if (slash)
		snprintf(folder, sizeof(folder), "%.*s",
			 slash > path ? (int)(slash - path) : 1, path);
	if (fstatat(at, folder, &st, 0) == 0)
		p.folder = st.st_ino;
	if (fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		p.inode = st.st_ino;
	return p;
}

/* --- opening ----------------------------------------------------------------
 */

static int shadow_openat(int at, const char *path, int flags, mode_t mode)
{
	bool journal = flags & (O_CREAT | O_TRUNC) ? begin() : false;
	struct place before = {.inode = 0};
	int fd;

	if (must_fail("open")) {
		end(journal);
		return -1;
	}
	if (journal)
		before = find(at, path);
	fd = REAL(openat)(at, path, flags, mode);
	if (fd >= 0 && journal) {
		if (!before.inode)
			note("create", inode_of(fd), before.folder, 0,
			     before.name, NULL, 0);
		else if (flags & O_TRUNC)
			note("cut", before.inode, 0, 0, "", NULL, 0);
	}
	end(journal);
	return fd;
}

static mode_t mode_of(int flags, va_list ap)
{
	return flags & O_CREAT ? va_arg(ap, mode_t) : 0;
}

#define OPEN(name)                                                             \
	int name(const char *path, int flags, ...)                             \
	{                                                                      \
		va_list ap;                                                    \
		mode_t mode;                                                   \
                                                                               \
		va_start(ap, flags);                                           \
		mode = mode_of(flags, ap);                                     \
		va_end(ap);                                                    \
		return shadow_openat(AT_FDCWD, path, flags, mode);             \
	}
#define OPENAT(name)                                                           \
	int name(int at, const char *path, int flags, ...)                     \
	{                                                                      \
		va_list ap;                                                    \
		mode_t mode;                                                   \
                                                                               \
		va_start(ap, flags);                                           \
		mode = mode_of(flags, ap);                                     \
		va_end(ap);                                                    \
		return shadow_openat(at, path, flags, mode);                   \
	}
OPEN(open)
OPEN(open64)
OPEN(__open_2)
OPEN(__open64_2)
OPENAT(openat)
OPENAT(openat64)
OPENAT(__openat_2)
OPENAT(__openat64_2)

/* --- what is in a file ------------------------------------------------------
 */

ssize_t write(int fd, const void *bytes, size_t n)
{
	bool journal;
	ssize_t done;

	if (!is_file(fd))
		return REAL(write)(fd, bytes, n);
	journal = begin();
	done = must_fail("write") ? -1 : REAL(write)(fd, bytes, n);
	if (done > 0 && journal)
		note("write", inode_of(fd), 0, lseek(fd, 0, SEEK_CUR) - done,
		     "", bytes, (size_t)done);
	end(journal);
	return done;
}

static void note_parts(int fd, const struct iovec *parts, int n, ssize_t done)
{
	int64_t at = lseek(fd, 0, SEEK_CUR) - done;

	for (int i = 0; i < n && done > 0; i++) {
		ssize_t here = (ssize_t)parts[i].iov_len;

		if (here > done)
			here = done;
		note("write", inode_of(fd), 0, at, "", parts[i].iov_base,
		     (size_t)here);
		at += here;
		done -= here;
	}
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
	bool journal;
	ssize_t done;

	if (!is_file(fd))
		return REAL(writev)(fd, parts, n);
	journal = begin();
	done = must_fail("write") ? -1 : REAL(writev)(fd, parts, n);
	if (done > 0 && journal)
		note_parts(fd, parts, n, done);
	end(journal);
	return done;
}

static ssize_t shadow_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	bool journal = begin();
	ssize_t done = must_fail("write") ? -1 : REAL(pwrite)(fd, bytes, n, at);

	if (done > 0 && journal)
		note("write", inode_of(fd), 0, at, "", bytes, (size_t)done);
	end(journal);
	return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	return shadow_pwrite(fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
	return shadow_pwrite(fd, bytes, n, at);
}

static int shadow_truncate(int fd, off_t size)
{
	bool journal = begin();
	int done = must_fail("ftruncate") ? -1 : REAL(ftruncate)(fd, size);

	if (done == 0 && journal)
		note("cut", inode_of(fd), 0, size, "", NULL, 0);
	end(journal);
	return done;
}

int ftruncate(int fd, off_t size)
{
	return shadow_truncate(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
	return shadow_truncate(fd, size);
}

/* Room alone: of no interest to a journal, which knows no full disk. */
int fallocate(int fd, int mode, off_t at, off_t n)
{
	return must_fail("fallocate") ? -1 : REAL(fallocate)(fd, mode, at, n);
}

int fallocate64(int fd, int mode, off64_t at, off64_t n)
{
	return must_fail("fallocate") ? -1 : REAL(fallocate64)(fd, mode, at, n);
}

/*
 * What the disk really does is of no interest to a journal, and slow: with
 * SHADOW_JOURNAL a sync is a promise that the replay keeps.
 */
static int shadow_sync(int fd, int (*sync)(int fd))
{
	bool journal = begin();
	int done = 0;

	if (must_fail("fsync"))
		done = -1;
	else if (!journal)
		done = sync(fd);
	else
		note("sync", inode_of(fd), 0, 0, "", NULL, 0);
	end(journal);
	return done;
}

int fsync(int fd)
{
	return shadow_sync(fd, REAL(fsync));
}

int fdatasync(int fd)
{
	return shadow_sync(fd, REAL(fdatasync));
}

/* --- what is in a folder ----------------------------------------------------
 */

int linkat(int from_at, const char *from, int to_at, const char *to, int flags)
{
	bool journal = begin();
	int done = must_fail("link")
			   ? -1
			   : REAL(linkat)(from_at, from, to_at, to, flags);

	if (done == 0 && journal) {
		struct place p = find(to_at, to);

		note("link", p.inode, p.folder, 0, p.name, NULL, 0);
	}
	end(journal);
	return done;
}

int link(const char *from, const char *to)
{
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlinkat(int at, const char *path, int flags)
{
	bool journal = begin();
	struct place p = {.name = ""};
	int done;

	if (journal)
		p = find(at, path);
	done = must_fail("unlink") ? -1 : REAL(unlinkat)(at, path, flags);
	if (done == 0 && journal)
		note("unlink", p.inode, p.folder, 0, p.name, NULL, 0);
	end(journal);
	return done;
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

/* The new place stands in the data: its folder's inode, then its name. */
int renameat2(int from_at, const char *from, int to_at, const char *to,
	      unsigned flags)
{
	bool journal = begin();
	struct place old = {.name = ""}, new;
	char data[8 + NAME_MAX + 1];
	int done;

	if (journal)
		old = find(from_at, from);
	done = must_fail("rename")
		       ? -1
		       : REAL(renameat2)(from_at, from, to_at, to, flags);
	if (done == 0 && journal) {
		new = find(to_at, to);
		memcpy(data, &new.folder, 8);
		snprintf(data + 8, sizeof(data) - 8, "%s", new.name);
		note("rename", old.inode, old.folder, 0, old.name, data,
		     8 + strlen(data + 8));
	}
	end(journal);
	return done;
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	return renameat2(from_at, from, to_at, to, 0);
}

int rename(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int mkdirat(int at, const char *path, mode_t mode)
{
	bool journal = begin();
	int done = must_fail("mkdir") ? -1 : REAL(mkdirat)(at, path, mode);

	if (done == 0 && journal) {
		struct place p = find(at, path);

		note("mkdir", p.inode, p.folder, 0, p.name, NULL, 0);
	}
	end(journal);
	return done;
}

int mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

/* --- memory -----------------------------------------------------------------
 */

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
	return must_fail("malloc") ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return must_fail("malloc") ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return must_fail("malloc") ? NULL : __libc_realloc(p, n);
}
