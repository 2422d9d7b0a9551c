/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One line of a spool, of admin.spool, of any text in the ledger's grammar:
 * what is accepted has one text, and that is the one that was read.
 */
#include "common/base.h"

#include "store/ledger/entry.h"
#include "tests/fuzz/fuzz.h"

/* A part of it as text of its own; the grammar has no NUL in it. */
static const char *text_of(const struct line_part *p,
			   char out[LINE_OCTETS_MAX + 1])
{
	memcpy(out, p->at, p->n);
	out[p->n] = '\0';
	return out;
}

static void require_written(const char *text, size_t n, const struct buf *out)
{
	fuzz_require(out->len == n + 1 && memcmp(out->data, text, n) == 0 &&
		     out->data[n] == '\n');
}

/* Its values taken and written again, as one who knows no kind would. */
static void try_values(const char *text, size_t n, struct line *l)
{
	char word[LINE_OCTETS_MAX + 1], value[LINE_OCTETS_MAX + 1];
	struct line_writer w;
	struct buf out;
	bool taken = true;

	buf_init(&out, FUZZ_ROOM);
	line_begin(&w, &out, text_of(&l->kind, word));
	for (size_t i = 0; taken && i < l->n_pairs; i++) {
		taken = line_take(l, text_of(&l->keys[i], word), value,
				  sizeof(value));
		if (taken)
			line_add(&w, word, value);
	}
	if (taken) {
		fuzz_require(line_is_done(l));
		fuzz_require(line_end(&w));
		require_written(text, n, &out);
	}
	buf_release(&out);
}

/* What is special to a change is passed over. */
static void require_begun(const char *text, size_t n, const struct buf *out)
{
	fuzz_require(out->len <= n + 1 &&
		     memcmp(out->data, text, out->len - 1) == 0);
}

static void try_entry(const char *text, size_t n)
{
	struct entry e;
	struct buf out;

	buf_init(&out, FUZZ_ROOM);
	if (entry_parse(text, n, &e) && e.kind != ENTRY_OTHER) {
		fuzz_require(entry_write(&e, &out));
		if (e.kind >= ENTRY_SETTINGS)
			require_begun(text, n, &out);
		else
			require_written(text, n, &out);
	}
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *text = (const char *)bytes;
	struct line l;

	try_entry(text, n);
	if (line_parse(text, n, &l)) {
		fuzz_require(n <= LINE_OCTETS_MAX);
		try_values(text, n, &l);
	}
	return 0;
}
