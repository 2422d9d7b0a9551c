/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of mailboxes: what is read, written anew, is read the same. */
#include "common/base.h"

#include "handlers/tool/csv.h"
#include "tests/fuzz/fuzz.h"

static const char mark[] = "\xef\xbb\xbf";

static void write_record(const struct csv_record *r, struct buf *out)
{
	fuzz_require(r->n > 0);
	for (size_t i = 0; i < r->n; i++) {
		fuzz_require(!i || buf_adds(out, ","));
		fuzz_require(csv_add(out, r->fields[i]));
	}
	fuzz_require(buf_adds(out, "\n"));
}

/* What csv_read() ended with. */
static int write_anew(const char *text, size_t n, struct buf *out)
{
	struct csv_record r;
	unsigned line = 0;
	struct csv c;
	struct err e;
	int result;

	/* A field may begin with another mark. */
	fuzz_require(buf_adds(out, mark));
	csv_begin(&c, text, n);
	while ((result = csv_read(&c, &r, &e)) > 0) {
		fuzz_require(c.line > line);
		line = c.line;
		write_record(&r, out);
		csv_release(&r);
	}
	fuzz_require(result == 0 || (r.n == 0 && *e.text));
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf once, twice;

	buf_init(&once, FUZZ_ROOM);
	buf_init(&twice, FUZZ_ROOM);
	/* What was read before a fault is a list, too. */
	(void)write_anew(n ? (const char *)bytes : "", n, &once);
	fuzz_require(write_anew(once.data, once.len, &twice) == 0);
	fuzz_require_equal(&once, &twice);
	buf_release(&once);
	buf_release(&twice);
	return 0;
}
