/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mended line ends: cut anywhere the same, whole lines, and mended once. */
#include "common/base.h"

#include "common/crlf.h"
#include "tests/fuzz/fuzz.h"

static void run(const uint8_t *bytes, size_t n, size_t cut,
		const struct sink *sink)
{
	struct crlf c;

	crlf_init(&c);
	for (size_t at = 0; at < n;) {
		size_t piece = fuzz_piece(at, n, cut);

		fuzz_require(crlf_push(&c, bytes + at, piece, sink) == 0);
		at += piece;
	}
	fuzz_require(crlf_end(&c, sink) == 0);
	fuzz_require(c.octets == ((const struct buf *)sink->to)->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct fuzz_filter filter = {run};
	struct buf mended, again;
	struct sink sink = fuzz_sink(&again);

	buf_init(&mended, FUZZ_ROOM);
	buf_init(&again, FUZZ_ROOM);
	fuzz_require_uncut(&filter, bytes, n, &mended);
	fuzz_require_lines(&mended);
	fuzz_require(!mended.len || mended.data[mended.len - 1] == '\n');
	run((const uint8_t *)mended.data, mended.len, 0, &sink);
	fuzz_require_equal(&mended, &again);
	buf_release(&mended);
	buf_release(&again);
	return 0;
}
