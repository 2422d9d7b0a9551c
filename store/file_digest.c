/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files hashed in blocks. Keeps nothing of what it reads. */
#include "common/base.h"
#include "store/file_digest.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include "common/log.h"

enum { READ_BLOCK = 64 * 1024 };

static int digest_begin(int fd, uint64_t most, uint8_t digest_r[DIGEST_SIZE])
{
	uint8_t *block = xmalloc(READ_BLOCK);
	struct sha256_ctx ctx;
	uint64_t at = 0;
	ssize_t n = 0;

	sha256_init(&ctx);
	while (at < most) {
		size_t want = most - at < READ_BLOCK ? (size_t)(most - at)
						     : READ_BLOCK;

		n = pread(fd, block, want, (off_t)at);
		if (n <= 0)
			break;
		sha256_update(&ctx, (size_t)n, block);
		at += (uint64_t)n;
	}
	free(block);
	sha256_digest(&ctx, DIGEST_SIZE, digest_r);
	return n < 0 ? -1 : 0;
}

int file_digest(int fd, uint8_t digest_r[DIGEST_SIZE])
{
	return digest_begin(fd, UINT64_MAX, digest_r);
}

int file_digest_begin_at(int dir, const char *name, uint64_t most,
			 uint8_t digest_r[DIGEST_SIZE])
{
	int fd = openat(dir, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int result = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		errno = EINVAL;
	else
		result = digest_begin(fd, most, digest_r);
	close(fd);
	return result;
}

int file_digest_at(int dir, const char *name, uint8_t digest_r[DIGEST_SIZE])
{
	return file_digest_begin_at(dir, name, UINT64_MAX, digest_r);
}
