/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies in the lock file and in file names. */
#include "common/base.h"

#include "store/counters.h"
#include "store/name.h"
#include "store/record.h"
#include "tests/fuzz/fuzz.h"

static void try_counters(const uint8_t *bytes, size_t n)
{
	uint8_t again[COUNTERS_SIZE];
	struct counters c, decoded;

	if (!counters_decode(bytes, n, &c))
		return;
	counters_encode(&c, again);
	fuzz_require(counters_decode(again, sizeof(again), &decoded) &&
		     memcmp(&c, &decoded, sizeof(c)) == 0);
	counters_remove(&c, 1, c.octets);
	counters_add(&c, UINT64_MAX, INT64_MAX, INT64_MAX);
	counters_add(&c, 1, INT64_MIN, INT64_MAX);
}

static void try_names(const char *text)
{
	char again[NAME_SIZE];
	struct message_name kept;
	struct ticket_name ticket;
	bool without_line;

	if (name_parse_kept(text, &kept)) {
		name_write_kept(&kept, again);
		fuzz_require(strcmp(text, again) == 0);
	}
	if (name_parse_gone(text, &kept, &without_line)) {
		name_write_gone(&kept, without_line, again);
		fuzz_require(strcmp(text, again) == 0);
	}
	if (name_parse_ticket(text, &ticket)) {
		name_write_ticket(&ticket, again);
		fuzz_require(strcmp(text, again) == 0);
	}
}

/*
 * Records of the lock file carry a checksum that no engine guesses: the input
 * is tried with the right one as well.
 */
static void try_checked(const uint8_t *bytes, size_t n,
			void (*each)(const uint8_t *bytes, size_t n))
{
	uint8_t *copy = xmalloc(n + 8);
	uint64_t sum = record_checksum(bytes, n);

	each(bytes, n);
	memcpy(copy, bytes, n);
	for (unsigned i = 0; i < 8; i++)
		copy[n + i] = (uint8_t)(sum >> 8 * i);
	each(copy, n + 8);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = fuzz_text(bytes, n);

	try_checked(bytes, n, try_counters);
	try_names(text);
	free(text);
	return 0;
}
