/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Identifiers and passwords: their form, their time, and that none comes twice.
 */
#include "common/base.h"
#include "common/random_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

enum { MANY = 2000 };

static void test_random_bytes(void **state)
{
	uint8_t once[4096] = {0}, again[4096] = {0};
	unsigned ones = 0;

	(void)state;
	random_bytes(once, sizeof(once));
	random_bytes(again, sizeof(again));
	assert_memory_not_equal(once, again, sizeof(once));
	for (size_t i = 0; i < sizeof(once); i++)
		ones += (unsigned)__builtin_popcount(once[i]);
	/* 32768 bits: 16384 +- 10 standard deviations of 90 */
	assert_in_range(ones, 15484, 17284);
	random_bytes(once, 0);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void test_ulid(void **state)
{
	static char all[MANY][ULID_LEN + 1];
	struct timespec now;
	int64_t before, after;

	(void)state;
	clock_gettime(CLOCK_REALTIME, &now);
	before = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	for (size_t i = 0; i < MANY; i++) {
		ulid_new(all[i]);
		assert_int_equal(strlen(all[i]), ULID_LEN);
		assert_true(ulid_valid(all[i], ULID_LEN));
		/* In the order of time, to the microsecond. */
		if (i > 0)
			assert_true(memcmp(all[i], all[i - 1], 12) >= 0);
	}
	clock_gettime(CLOCK_REALTIME, &now);
	after = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	assert_in_range(ulid_time_ms(all[0]), before, after);
	assert_in_range(ulid_time_ms(all[MANY - 1]), before, after);
	qsort(all, MANY, sizeof(all[0]), by_text);
	for (size_t i = 1; i < MANY; i++)
		assert_string_not_equal(all[i], all[i - 1]);
}

static void test_ulid_time(void **state)
{
	static const struct {
		const char *ulid;
		int64_t ms;
	} rows[] = {
		{"00000000000000000000000000", 0},
		{"00000000010000000000000000", 1},
		{"0000000010ZZZZZZZZZZZZZZZZ", 32},
		{"01ARZ3NDEKTSV4RRFFQ69G5FAV",
		 1469922850259}, /* the ULID spec's */
		{"7ZZZZZZZZZZZZZZZZZZZZZZZZZ", 281474976710655},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		assert_true(ulid_valid(rows[i].ulid, ULID_LEN));
		assert_true(ulid_time_ms(rows[i].ulid) == rows[i].ms);
	}
}

static void test_no_ulid(void **state)
{
	static const char good[] = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
	static const char bad_characters[] = "ILOUailou-/.:@[`{ \t\n\xff";

	(void)state;
	for (size_t n = 0; n < ULID_LEN; n++)
		assert_false(ulid_valid(good, n));
	assert_false(ulid_valid("01ARZ3NDEKTSV4RRFFQ69G5FAVX", ULID_LEN + 1));
	assert_false(ulid_valid("8ZZZZZZZZZZZZZZZZZZZZZZZZZ", ULID_LEN));
	/* The NUL at the end of the list is the last of them. */
	for (size_t at = 0; at < ULID_LEN; at++)
		for (size_t i = 0; i < sizeof(bad_characters); i++) {
			char text[ULID_LEN + 1];

			memcpy(text, good, sizeof(text));
			text[at] = bad_characters[i];
			assert_false(ulid_valid(text, ULID_LEN));
		}
}

/* Of 1,024 that count on from bit `at`, how many find a place of their own. */
static unsigned places_of(unsigned at, uint64_t key)
{
	static bool taken[4096];
	unsigned n = 0;

	memset(taken, 0, sizeof(taken));
	for (unsigned i = 0; i < 1024; i++) {
		uint8_t packed[ULID_PACKED_SIZE] = {0};
		size_t place;

		for (unsigned bit = 0; bit < 10; bit++)
			if (i >> bit & 1)
				packed[15 - (at + bit) / 8] |=
					(uint8_t)(1 << (at + bit) % 8);
		place = ulid_hash(packed, key) % N_ELEMENTS(taken);
		n += !taken[place];
		taken[place] = true;
	}
	return n;
}

/* By chance it would be 906 of 1,024. */
static void test_ulid_hash(void **state)
{
	(void)state;
	for (unsigned at = 0; at + 10 <= 128; at++)
		for (uint64_t key = 0; key < 4; key++)
			assert_true(places_of(at, key) > 800);
}

static void test_mailbox_id(void **state)
{
	char once[MAILBOX_ID_LEN + 1], again[MAILBOX_ID_LEN + 1];

	(void)state;
	mailbox_id_new(once);
	mailbox_id_new(again);
	assert_int_equal(strlen(once), MAILBOX_ID_LEN);
	assert_memory_equal(once, "mbx-", 4);
	assert_int_equal(strspn(once + 4, "0123456789abcdef"), 32);
	assert_string_not_equal(once, again);
}

/* Eight groups of four, and every character of the alphabet has its turn. */
static void test_password(void **state)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned seen[32] = {0};

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		struct secret once, again;

		password_new(&once);
		password_new(&again);
		assert_int_equal(once.len, 39);
		assert_false(secret_equal(&once, again.bytes, again.len));
		for (size_t k = 0; k < once.len; k++) {
			const char *at = memchr(alphabet, once.bytes[k], 32);

			if (k % 5 == 4)
				assert_int_equal(once.bytes[k], '-');
			else
				assert_non_null(at);
			if (at)
				seen[at - alphabet]++;
		}
		assert_int_equal(once.bytes[once.len], '\0');
		secret_release(&once);
		secret_release(&again);
	}
	for (size_t i = 0; i < 32; i++) /* 200 each are to be expected */
		assert_in_range(seen[i], 100, 320);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_ulid),
		cmocka_unit_test(test_ulid_time),
		cmocka_unit_test(test_ulid_hash),
		cmocka_unit_test(test_no_ulid),
		cmocka_unit_test(test_mailbox_id),
		cmocka_unit_test(test_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
