/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far a ledger has each spool, and what it has found: read, written and
 * read again it is the same; what is not whole covers nothing.
 */
#include "common/base.h"

#include "store/announce.h"
#include "store/ledger/looked.h"
#include "store/ledger/places.h"
#include "tests/fuzz/fuzz.h"

/* As the sequencer writes what it remembers. */
static void write_anew(const struct places *p, struct buf *out)
{
	struct memory *m = xcalloc(1, sizeof(*m));

	m->n_spools = p->n;
	memcpy(m->spools, p->list, p->n * sizeof(*p->list));
	fuzz_require(places_write(m, out));
	free(m);
}

static void look(const char *text, size_t n)
{
	struct looked l, again;
	struct buf out;

	if (!looked_parse(text, n, &l))
		return;
	buf_init(&out, FUZZ_ROOM);
	fuzz_require(looked_write(&l, &out));
	fuzz_require(looked_parse(out.data, out.len, &again));
	fuzz_require(memcmp(&l, &again, sizeof(l)) == 0);
	fuzz_require(!looked_parse(out.data, out.len - 1, &again));
	buf_release(&out);
}

static void ask(const char *text, size_t n)
{
	uint8_t key[AGE_KEY_SIZE], again[AGE_KEY_SIZE];
	struct buf out;

	if (!announce_parse(text, n, key))
		return;
	buf_init(&out, FUZZ_ROOM);
	fuzz_require(announce_write(key, &out));
	fuzz_require(announce_parse(out.data, out.len, again));
	fuzz_require(memcmp(key, again, sizeof(key)) == 0);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct places *p = xmalloc(sizeof(*p)), *again = xmalloc(sizeof(*p));
	bool whole = places_parse((const char *)bytes, n, p);
	struct buf out;

	look((const char *)bytes, n);
	ask((const char *)bytes, n);
	buf_init(&out, FUZZ_ROOM);
	fuzz_require(whole || p->n == 0);
	if (whole) {
		write_anew(p, &out);
		fuzz_require(places_parse(out.data, out.len, again));
		fuzz_require(again->n == p->n);
		for (size_t i = 0; i < p->n; i++) {
			const char *name = p->list[i].name;

			fuzz_require(p->list[i].offset <= INT64_MAX);
			fuzz_require(places_offset(again, name) ==
				     places_offset(p, name));
		}
		/* Cut anywhere it is none. */
		fuzz_require(!places_parse(out.data, out.len / 2, again));
	}
	buf_release(&out);
	free(again);
	free(p);
	return 0;
}
