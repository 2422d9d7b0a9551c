/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a proxy and an export make of a message: TOP's cut, mbox, UIDLs. */
#include "common/base.h"

#include "handlers/pop3/top.h"
#include "handlers/pop3_proxy/uidl.h"
#include "handlers/tool/mbox.h"
#include "tests/fuzz/fuzz.h"

static void run_mbox(const uint8_t *bytes, size_t n, size_t cut,
		     const struct sink *sink)
{
	struct mbox m;

	fuzz_require(mbox_begin(&m, sink, 0) == 0);
	for (size_t at = 0; at < n;) {
		size_t piece = fuzz_piece(at, n, cut);

		fuzz_require(mbox_push(&m, bytes + at, piece) == 0);
		at += piece;
	}
	fuzz_require(mbox_end(&m) == 0);
}

static void run_top(const uint8_t *bytes, size_t n, size_t cut,
		    const struct sink *sink)
{
	struct pop3_top t;

	pop3_top_init(&t, n ? bytes[n - 1] : 0);
	for (size_t at = 0; at < n && !pop3_top_done(&t);) {
		size_t piece = fuzz_piece(at, n, cut);
		size_t taken = pop3_top_take(&t, bytes + at, piece);

		fuzz_require(taken <= piece);
		fuzz_require(sink_push(sink, bytes + at, taken) == 0);
		at += piece;
	}
}

static void try_uidls(const uint8_t *bytes, size_t n)
{
	struct pop3_uidls uidls = {.asked = false};
	char *text = fuzz_text(bytes, n), *rest = text, *line;

	pop3_uidls_begin(&uidls);
	while ((line = strsep(&rest, "\n"))) {
		uint64_t number = strtoull(line, NULL, 10);

		pop3_uidls_add(&uidls, line);
		fuzz_require(strlen(pop3_uidls_get(&uidls, number)) <=
			     POP3_UIDL_MAX);
		pop3_uidls_mark_unkept(&uidls, number);
		fuzz_require(pop3_uidls_is_unkept(&uidls, number));
		pop3_uidls_mark_kept(&uidls, number);
		fuzz_require(!pop3_uidls_is_unkept(&uidls, number));
	}
	pop3_uidls_release(&uidls);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct fuzz_filter mbox = {run_mbox}, top = {run_top};
	struct buf out, cut;

	buf_init(&out, FUZZ_ROOM);
	buf_init(&cut, FUZZ_ROOM);
	fuzz_require_uncut(&mbox, bytes, n, &out);
	fuzz_require_uncut(&top, bytes, n, &cut);
	fuzz_require(cut.len <= n &&
		     (!cut.len || memcmp(cut.data, bytes, cut.len) == 0));
	try_uidls(bytes, n);
	buf_release(&out);
	buf_release(&cut);
	return 0;
}
