/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The list of what has expired, beside a mailbox with three messages and one
 * that has left: nothing is named but by a line of its own that says so, and
 * reading it twice names no more.
 */
#include "common/base.h"

#include "store/expiry.h"
#include "tests/fuzz/fuzz.h"

static const char *const ulids[] = {"01JD0000000000000000000000",
				    "01JD0000000000000000000001",
				    "01JD0000000000000000000002"};

static void make_listing(struct listing *l, struct listing_entry *list,
			 size_t n)
{
	memset(list, 0, n * sizeof(*list));
	for (size_t i = 0; i < n; i++)
		ulid_pack(ulids[i], list[i].ulid);
	*l = (struct listing){.list = list, .n = n};
}

static void require_said(const struct listing *l, const char *text, size_t n)
{
	char want[64];

	for (size_t i = 0; i < l->n; i++) {
		snprintf(want, sizeof(want),
			 "gone ulid=%s by=expiry time=", ulids[i]);
		fuzz_require(!l->list[i].named ||
			     memmem(text, n, want, strlen(want)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct listing_entry in_cur[N_ELEMENTS(ulids)], in_gone[1];
	const char *text = (const char *)bytes;
	struct listing cur, gone;
	size_t marked = 0, found;

	make_listing(&cur, in_cur, N_ELEMENTS(in_cur));
	make_listing(&gone, in_gone, N_ELEMENTS(in_gone));
	found = expiry_mark(text, n, &cur, &gone);
	for (size_t i = 0; i < cur.n; i++)
		marked += cur.list[i].named;
	fuzz_require(found == marked);
	fuzz_require(gone.list[0].named == cur.list[0].named);
	require_said(&cur, text, n);
	fuzz_require(expiry_mark(text, n, &cur, &gone) == 0);
	return 0;
}
