/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loops around read(2) and write(2). Opens and closes nothing. */
#include "common/base.h"
#include "common/read_all.h"

#include <errno.h>
#include <unistd.h>

int read_all(int fd, struct buf *out)
{
	char block[4096];

	for (;;) {
		ssize_t n = read(fd, block, sizeof(block));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		if (!buf_add(out, block, (size_t)n)) {
			errno = EFBIG;
			return -1;
		}
	}
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
