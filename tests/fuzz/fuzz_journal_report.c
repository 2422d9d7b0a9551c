/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A copy as a journal report: cut anywhere the same, the message untouched. */
#include "common/base.h"

#include "common/crlf.h"
#include "handlers/mail/journal_report.h"
#include "tests/fuzz/fuzz.h"

static void run(const uint8_t *bytes, size_t n, size_t cut,
		const struct sink *sink)
{
	static const char *const recipients[] = {"b@example.org"};
	const struct report_envelope envelope = {
		.hostname = "gw.example",
		.ulid = "01JD0000000000000000000001",
		.sender = "a@example.org",
		.recipients = recipients,
		.n_recipients = 1,
	};
	struct journal_report r;

	journal_report_init(&r, &envelope);
	for (size_t at = 0; at < n;) {
		size_t piece = fuzz_piece(at, n, cut);

		fuzz_require(journal_report_push(&r, bytes + at, piece, sink) ==
			     0);
		at += piece;
	}
	fuzz_require(journal_report_end(&r, sink) == 0);
	journal_report_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct fuzz_filter filter = {run};
	struct buf message, report;
	struct sink sink = fuzz_sink(&message);
	struct crlf c;

	buf_init(&message, FUZZ_ROOM);
	buf_init(&report, FUZZ_ROOM);
	crlf_init(&c);
	fuzz_require(crlf_push(&c, bytes, n, &sink) == 0);
	fuzz_require(crlf_end(&c, &sink) == 0);
	fuzz_require_uncut(&filter, (const uint8_t *)message.data, message.len,
			   &report);
	fuzz_require_lines(&report);
	fuzz_require(!message.len || memmem(report.data, report.len,
					    message.data, message.len));
	buf_release(&message);
	buf_release(&report);
	return 0;
}
