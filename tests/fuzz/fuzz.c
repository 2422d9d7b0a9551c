/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The targets' helpers. They know no protocol. */
#include "common/base.h"
#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>

#include <errno.h>
#include <unistd.h>

char *fuzz_text(const uint8_t *bytes, size_t n)
{
	char *text = xmalloc(n + 1);

	if (n)
		memcpy(text, bytes, n);
	text[n] = '\0';
	return text;
}

int fuzz_file(const uint8_t *bytes, size_t n)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n ||
	    lseek(fd, 0, SEEK_SET) < 0)
		die_temp("memfd: %s", strerror(errno));
	return fd;
}

static int append(void *to, const uint8_t *bytes, size_t n)
{
	fuzz_require(buf_add(to, bytes, n));
	return 0;
}

struct sink fuzz_sink(struct buf *b)
{
	return (struct sink){.push = append, .to = b};
}

void fuzz_require_equal(const struct buf *a, const struct buf *b)
{
	fuzz_require(a->len == b->len);
	fuzz_require(!a->len || memcmp(a->data, b->data, a->len) == 0);
}

void fuzz_require_lines(const struct buf *text)
{
	for (size_t i = 0; i < text->len; i++) {
		if (text->data[i] == '\n')
			fuzz_require(i && text->data[i - 1] == '\r');
		if (text->data[i] == '\r' && i + 1 < text->len)
			fuzz_require(text->data[i + 1] == '\n');
	}
}

size_t fuzz_piece(size_t at, size_t n, size_t cut)
{
	if (cut == 1)
		return 1;
	return at < cut && cut < n ? cut - at : n - at;
}

void fuzz_require_uncut(const struct fuzz_filter *f, const uint8_t *bytes,
			size_t n, struct buf *out)
{
	const size_t cuts[] = {1, n / 2, n ? bytes[0] % n : 0};
	struct sink sink = fuzz_sink(out);

	f->run(bytes, n, 0, &sink);
	for (size_t i = 0; i < N_ELEMENTS(cuts); i++) {
		struct buf again;

		buf_init(&again, FUZZ_ROOM);
		sink = fuzz_sink(&again);
		f->run(bytes, n, cuts[i], &sink);
		fuzz_require_equal(out, &again);
		buf_release(&again);
	}
}
