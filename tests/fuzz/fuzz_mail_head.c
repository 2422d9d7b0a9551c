/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A message's first line and its Received fields, in pieces of any size. */
#include "common/base.h"

#include "handlers/mail/first_line.h"
#include "handlers/mail/mail_head.h"
#include "tests/fuzz/fuzz.h"

static void run(const uint8_t *bytes, size_t n, size_t cut,
		const struct sink *sink)
{
	struct first_line f;

	first_line_init(&f);
	for (size_t at = 0; at < n;) {
		size_t piece = fuzz_piece(at, n, cut);

		fuzz_require(first_line_push(&f, bytes + at, piece, sink) == 0);
		at += piece;
	}
	fuzz_require(first_line_end(&f, sink) == 0);
	first_line_release(&f);
}

static unsigned count_hops(const uint8_t *bytes, size_t n, size_t cut)
{
	struct mail_hops h;

	mail_hops_init(&h);
	for (size_t at = 0; at < n;) {
		size_t piece = fuzz_piece(at, n, cut);

		mail_hops_push(&h, bytes + at, piece);
		at += piece;
	}
	return h.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct fuzz_filter filter = {run};
	enum mail_first_line verdict;
	size_t before, n_kept;
	struct buf out;

	buf_init(&out, FUZZ_ROOM);
	fuzz_require_uncut(&filter, bytes, n, &out);
	verdict = mail_start(bytes, n, true, &before);
	fuzz_require(verdict != MAIL_FIRST_UNDECIDED && before <= n);
	fuzz_require(verdict == MAIL_FIRST_FIELD || before == 0);
	fuzz_require(before || out.len == n || out.len == n + 2);
	n_kept = n - before;
	fuzz_require(out.len >= n_kept);
	fuzz_require(!n_kept || memcmp(out.data + out.len - n_kept,
				       bytes + before, n_kept) == 0);
	if (n >= MAIL_FIRST_LINE_MAX)
		fuzz_require(mail_first_line(bytes, n) != MAIL_FIRST_UNDECIDED);
	fuzz_require(count_hops(bytes, n, 0) == count_hops(bytes, n, 1));
	fuzz_require(count_hops(bytes, n, 0) == count_hops(bytes, n, n / 2));
	buf_release(&out);
	return 0;
}
