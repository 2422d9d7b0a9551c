/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded into a program under test: the wall clock is ahead by the seconds
 * that lie in CLOCK_FILE, as eight octets. They are mapped before any sandbox,
 * so the clock of a program that runs can be set from outside. The clock that
 * nobody sets, CLOCK_MONOTONIC, is left alone. Files tell the time that it was
 * when they were written, where the sandbox lets them. Built by the tests that
 * use it, never installed.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead;

__attribute__((constructor)) static void map_clock(void)
{
	const char *file = getenv("CLOCK_FILE");
	int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
	void *bytes;

	if (fd < 0)
		return;
	bytes = mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);
	if (bytes != MAP_FAILED)
		ahead = bytes;
	close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	int result = (int)syscall(SYS_clock_gettime, clock, t);

	if (result == 0 && ahead &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		t->tv_sec += *ahead;
	return result;
}

time_t time(time_t *seconds_r)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	if (seconds_r)
		*seconds_r = t.tv_sec;
	return t.tv_sec;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	t->tv_sec = now.tv_sec;
	t->tv_usec = now.tv_nsec / 1000;
	return 0;
}

static void stamp(int fd)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};
	int saved = errno;
	struct stat st;

	clock_gettime(CLOCK_REALTIME, &times[1]);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		(void)futimens(fd, times);
	errno = saved;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	ssize_t written = syscall(SYS_write, fd, bytes, n);

	if (written > 0 && ahead && *ahead)
		stamp(fd);
	return written;
}
