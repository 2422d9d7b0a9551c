/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dots both ways: cut anywhere the same, and out and in again is the same. */
#include "common/base.h"

#include "handlers/mail/dot.h"
#include "tests/fuzz/fuzz.h"

static void run_in(const uint8_t *bytes, size_t n, size_t cut,
		   const struct sink *sink)
{
	struct dot_in d;

	dot_in_init(&d);
	for (size_t at = 0; at < n && !dot_in_done(&d);) {
		size_t piece = fuzz_piece(at, n, cut);
		size_t taken = dot_in_push(&d, bytes + at, piece, sink);

		fuzz_require(taken == piece ||
			     (taken < piece && dot_in_done(&d)));
		at += taken;
	}
}

static void run_out(const uint8_t *bytes, size_t n, size_t cut,
		    const struct sink *sink)
{
	struct dot_out d;

	dot_out_init(&d);
	for (size_t at = 0; at < n;) {
		size_t piece = fuzz_piece(at, n, cut);

		fuzz_require(dot_out_push(&d, bytes + at, piece, sink) == 0);
		at += piece;
	}
	fuzz_require(dot_out_end(&d, sink) == 0);
}

/* Whatever is stuffed comes back whole, a missing last CRLF added. */
static void require_round_trip(const uint8_t *bytes, size_t n,
			       const struct buf *stuffed)
{
	struct buf back;
	struct sink sink = fuzz_sink(&back);

	buf_init(&back, FUZZ_ROOM);
	run_in((const uint8_t *)stuffed->data, stuffed->len, 0, &sink);
	fuzz_require(back.len == n || back.len == n + 2);
	fuzz_require(!n || memcmp(back.data, bytes, n) == 0);
	buf_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct fuzz_filter in = {run_in}, out = {run_out};
	struct buf plain, stuffed;

	buf_init(&plain, FUZZ_ROOM);
	buf_init(&stuffed, FUZZ_ROOM);
	fuzz_require_uncut(&in, bytes, n, &plain);
	fuzz_require_uncut(&out, bytes, n, &stuffed);
	require_round_trip(bytes, n, &stuffed);
	buf_release(&plain);
	buf_release(&stuffed);
	return 0;
}
