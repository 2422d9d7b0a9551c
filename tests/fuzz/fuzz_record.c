/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records of the lock file. */
#include "common/base.h"

#include "store/counters.h"
#include "store/key_mark.h"
#include "store/record.h"
#include "store/steady.h"
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

/* The mark of a used password: one signature, which nobody can guess. */
static void try_mark(const uint8_t *bytes, size_t n)
{
	static const uint8_t public[SESSION_KEY_SIZE] = {
		0x7d, 0x0f, 0x1a, 0xde, 0xe4, 0xb6, 0x54, 0xf7,
		0x98, 0x4f, 0xdc, 0xcc, 0x65, 0xa5, 0x14, 0x54,
		0x59, 0x00, 0x66, 0x3c, 0x9b, 0x1b, 0xef, 0x58,
		0x84, 0xc4, 0xb9, 0x27, 0x0e, 0x1d, 0xff, 0xb3};
	uint8_t signature[SESSION_SIGNATURE_SIZE], again[KEY_MARK_SIZE];

	if (!key_mark_decode(bytes, n, signature))
		return;
	key_mark_encode(signature, again);
	fuzz_require(memcmp(again, bytes, 5) == 0 &&
		     memcmp(again + 8, bytes + 8, sizeof(signature)) == 0);
	fuzz_require(!session_key_verify(public, "used", 4, signature));
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

/* Whatever it says, the clock is looked at without wrapping around. */
static void try_steady(const uint8_t *bytes, size_t n)
{
	uint8_t again[STEADY_SIZE];
	struct steady s, decoded;

	steady_decode(bytes, n, &s);
	if (!s.last)
		return;
	steady_encode(&s, again);
	steady_decode(again, sizeof(again), &decoded);
	fuzz_require(s.last == decoded.last && s.since == decoded.since);
	(void)steady_look(&s, INT64_C(253402300799));
	fuzz_require(steady_look(&s, 1) == STEADY_JUMPED);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	try_checked(bytes, n, try_counters);
	try_checked(bytes, n, try_steady);
	try_mark(bytes, n);
	return 0;
}
