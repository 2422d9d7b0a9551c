/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole spool: read from a file, at once, and cut in two, it says the same;
 * a batch is what its session line says it is.
 */
#include "common/base.h"

#include <unistd.h>

#include "store/ledger/spool_reader.h"
#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 256 * 1024 }; /* less than a block of the reader */

static void hear_line(void *arg, const char *text, size_t n)
{
	struct entry e;

	fuzz_require(n <= LINE_OCTETS_MAX && !memchr(text, '\n', n));
	if (entry_parse(text, n, &e))
		fuzz_require(e.kind != ENTRY_SESSION);
	fuzz_require(buf_add(arg, "L", 1) && buf_add(arg, text, n));
}

static void hear_batch(void *arg, const struct spool_batch *b)
{
	const char *at = b->lines, *end = at + b->n_octets, *text;
	unsigned lines = 0;
	size_t n;

	while (spool_next_line(&at, end, &text, &n)) {
		fuzz_require(n <= LINE_OCTETS_MAX);
		lines++;
	}
	fuzz_require(at == end && lines == b->session->n);
	fuzz_require(buf_add(arg, "B", 1) &&
		     buf_add(arg, b->lines, b->n_octets));
}

static struct spool_visitor into(struct buf *heard)
{
	return (struct spool_visitor){
		.line = hear_line, .batch = hear_batch, .arg = heard};
}

/* As far as it is whole, and from there on. */
static void parse_cut(const char *bytes, size_t n, size_t cut, struct buf *out)
{
	struct spool_visitor v = into(out);
	size_t used = spool_parse(bytes, cut, false, &v);

	fuzz_require(used <= cut);
	fuzz_require(spool_parse(bytes + used, n - used, true, &v) == n - used);
}

static void require_file(const uint8_t *bytes, size_t n, const struct buf *want)
{
	struct buf heard;
	struct spool_visitor v = into(&heard);
	int fd = fuzz_file(bytes, n);
	struct err e;

	buf_init(&heard, FUZZ_ROOM);
	fuzz_require(spool_read(fd, "spool", &v, &e) == 0);
	fuzz_require_equal(&heard, want);
	close(fd);
	buf_release(&heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf whole, cut;

	if (n > INPUT_MAX)
		return 0;
	buf_init(&whole, FUZZ_ROOM);
	buf_init(&cut, FUZZ_ROOM);
	parse_cut((const char *)bytes, n, 0, &whole);
	parse_cut((const char *)bytes, n, n / 2, &cut);
	fuzz_require_equal(&whole, &cut);
	require_file(bytes, n, &whole);
	buf_release(&whole);
	buf_release(&cut);
	return 0;
}
