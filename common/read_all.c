/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loops around read(2), pread(2) and write(2). Opens and closes nothing. */
#include "common/base.h"
#include "common/read_all.h"

#include <errno.h>
#include <unistd.h>

ssize_t read_up_to(int fd, void *out, size_t n)
{
	uint8_t *p = out;
	size_t done = 0;

	while (done < n) {
		ssize_t got = read(fd, p + done, n - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

ssize_t read_up_to_at(int fd, void *out, size_t n, uint64_t at)
{
	uint8_t *p = out;
	size_t done = 0;

	while (done < n) {
		ssize_t got = pread(fd, p + done, n - done, (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

/* It may be a key that is read. */
int read_all(int fd, struct buf *out)
{
	char block[4096];
	ssize_t n;

	do {
		n = read_up_to(fd, block, sizeof(block));
		if (n > 0 && !buf_add(out, block, (size_t)n)) {
			errno = EFBIG;
			n = -1;
		}
	} while (n == (ssize_t)sizeof(block));
	explicit_bzero(block, sizeof(block));
	return n < 0 ? -1 : 0;
}

int write_all(int fd, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}
