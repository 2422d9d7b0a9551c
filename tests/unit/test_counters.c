/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counters: read back, window of hours, clocks set back, torn records. */
#include "common/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/num.h"
#include "store/counters.h"
#include "store/record.h"

enum { HOUR = 3600, NOW = 1800000000 };

/* It is taken in when it comes. */
static void add(struct counters *c, uint64_t octets, int64_t when)
{
	counters_add(c, octets, when, when);
}

static void a_record_reads_back(UNUSED void **state)
{
	struct counters c = {.counted = true}, back;
	uint8_t bytes[COUNTERS_SIZE], again[COUNTERS_SIZE];

	add(&c, 100, NOW);
	add(&c, 23, NOW + 5 * HOUR);
	c.last_collected = NOW + 7;
	c.last_refused = NOW + 9;
	c.deleted_messages = 3;
	c.deleted_octets = 300;
	c.deleted_since = NOW;
	c.deleted_scanned = 12;
	counters_encode(&c, bytes);
	assert_true(counters_decode(bytes, sizeof(bytes), &back));
	assert_int_equal(back.octets, 123);
	assert_int_equal(back.last_collected, NOW + 7);
	assert_int_equal(back.last_refused, NOW + 9);
	counters_encode(&back, again);
	assert_memory_equal(bytes, again, sizeof(bytes));
}

/* A record of before limits: 1424 octets, and nothing of the hour. */
static void a_record_of_version_2_is_read(UNUSED void **state)
{
	enum { SIZE_2 = 64 + 4 * COUNTERS_HOURS + 16 };
	struct counters c = {.counted = true}, back;
	uint8_t bytes[COUNTERS_SIZE];

	add(&c, 100, NOW);
	c.scanned = 7;
	counters_encode(&c, bytes);
	bytes[4] = 2;
	num_store64(bytes + SIZE_2 - 8, record_checksum(bytes, SIZE_2 - 8));
	assert_true(counters_decode(bytes, SIZE_2, &back));
	assert_int_equal(back.octets, 100);
	assert_int_equal(back.scanned, 7);
	assert_int_equal(counters_of_the_hour(&back, NOW), 0);
	assert_int_equal(back.writing, 0);
}

/* A record of before undo. */
static void a_record_of_version_3_is_read(UNUSED void **state)
{
	enum { SIZE_3 = COUNTERS_SIZE - 32 };
	struct counters c = {.counted = true}, back;
	uint8_t bytes[COUNTERS_SIZE];

	add(&c, 100, NOW);
	c.writing = 5;
	c.deleted_messages = 7;
	counters_encode(&c, bytes);
	bytes[4] = 3;
	num_store64(bytes + SIZE_3 - 8, record_checksum(bytes, SIZE_3 - 8));
	assert_true(counters_decode(bytes, SIZE_3, &back));
	assert_int_equal(back.writing, 5);
	assert_int_equal(counters_of_the_hour(&back, NOW), 100);
	assert_int_equal(back.deleted_messages, 0);
}

static void an_hour_is_never_counted_short(UNUSED void **state)
{
	struct counters c = {.counted = true};

	add(&c, 100, NOW);
	add(&c, 20, NOW + HOUR / 2);
	assert_int_equal(counters_of_the_hour(&c, NOW + HOUR - 1), 120);
	assert_int_equal(counters_of_the_hour(&c, NOW + HOUR + 300), 20);
	assert_int_equal(counters_of_the_hour(&c, NOW + 2 * HOUR), 0);
}

/* Handlers write the record: whatever stands in it, no sum wraps around. */
static void any_octets_of_the_hour_are_borne(UNUSED void **state)
{
	static const int64_t parts[] = {INT64_MIN,     -1,	 0, NOW / 300,
					NOW / 300 + 1, INT64_MAX};
	struct counters c = {.counted = true};

	memset(c.recent, 0xff, sizeof(c.recent));
	for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
		c.part = parts[i];
		assert_int_equal(counters_of_the_hour(&c, NOW),
				 i == 3 || i == 4 ? UINT64_MAX : 0);
	}
}

static void every_torn_record_is_found(UNUSED void **state)
{
	struct counters c = {.counted = true}, back;
	uint8_t bytes[COUNTERS_SIZE];

	add(&c, 100, NOW);
	counters_encode(&c, bytes);
	assert_false(counters_decode(bytes, sizeof(bytes) - 1, &back));
	assert_false(counters_decode(bytes, 0, &back));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= 0x10;
		assert_false(counters_decode(bytes, sizeof(bytes), &back));
		assert_false(back.counted);
		assert_int_equal(back.messages, 0);
		bytes[i] ^= 0x10;
	}
}

/* Found by fuzzing: one with its right checksum, and an hour of no clock. */
static void an_hour_of_no_clock_is_no_record(UNUSED void **state)
{
	static const struct {
		int64_t hour;
		bool good;
	} rows[] = {{0, true},	       {NOW / HOUR, true}, {70389527, true},
		    {70389528, false}, {-1, false},	   {INT64_MIN, false},
		    {INT64_MAX, false}};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct counters c = {.hour = rows[i].hour}, back;
		uint8_t bytes[COUNTERS_SIZE];

		counters_encode(&c, bytes);
		assert_int_equal(counters_decode(bytes, sizeof(bytes), &back),
				 rows[i].good);
	}
}

static void arrivals_are_counted_by_hour(UNUSED void **state)
{
	struct counters c = {.counted = true};

	add(&c, 1, NOW);
	add(&c, 1, NOW + 3 * HOUR);
	add(&c, 1, NOW + 3 * HOUR);
	assert_int_equal(c.arrivals[0], 2);
	assert_int_equal(c.arrivals[3], 1);
	/* Taken in late, it is counted where it came, and moves nothing. */
	counters_add(&c, 1, NOW + HOUR, NOW + 3 * HOUR);
	assert_int_equal(c.arrivals[2], 1);
	assert_int_equal(c.last_received, NOW + 3 * HOUR);
	counters_add(&c, 1, NOW - (int64_t)COUNTERS_HOURS * HOUR,
		     NOW + 3 * HOUR);
	assert_int_equal(c.messages, 5);
	assert_int_equal(c.oldest, NOW - (int64_t)COUNTERS_HOURS * HOUR);
	/* Longer than the window without mail: all old hours are empty. */
	add(&c, 1, NOW + (COUNTERS_HOURS + 9) * (int64_t)HOUR);
	assert_int_equal(c.arrivals[0], 1);
	for (size_t i = 1; i < COUNTERS_HOURS; i++)
		assert_int_equal(c.arrivals[i], 0);
}

static void the_window_keeps_its_last_hour(UNUSED void **state)
{
	struct counters c = {.counted = true};

	add(&c, 1, NOW);
	add(&c, 1, NOW + (COUNTERS_HOURS - 1) * (int64_t)HOUR);
	assert_int_equal(c.arrivals[COUNTERS_HOURS - 1], 1);
	add(&c, 1, NOW + COUNTERS_HOURS * (int64_t)HOUR);
	assert_int_equal(c.arrivals[COUNTERS_HOURS - 1], 0);
	assert_int_equal(c.arrivals[1], 1);
}

static void a_clock_set_back_is_believed(UNUSED void **state)
{
	static const int64_t aheads[] = {
		2, COUNTERS_HOURS - 1, COUNTERS_HOURS, 366 * 24, 88000,
	};

	for (size_t i = 0; i < N_ELEMENTS(aheads); i++) {
		struct counters c = {.counted = true};

		add(&c, 1, NOW);
		add(&c, 1, NOW + aheads[i] * HOUR);
		add(&c, 1, NOW + HOUR);
		assert_int_equal(c.last_received, NOW + HOUR);
		assert_int_equal(c.arrivals[0], 1);
		/* What came before, where the window has not lost it. */
		assert_int_equal(c.arrivals[1], aheads[i] < COUNTERS_HOURS);
		for (size_t j = 2; j < COUNTERS_HOURS; j++)
			assert_int_equal(c.arrivals[j], 0);
	}
}

/* A rebuilt index takes in what a clock that was ahead has named. */
static void nothing_came_later_than_now(UNUSED void **state)
{
	struct counters c = {.counted = true};

	add(&c, 1, NOW);
	counters_add(&c, 1, NOW + 366 * 24 * (int64_t)HOUR, NOW);
	assert_int_equal(c.last_received, NOW);
	assert_int_equal(c.hour, NOW / HOUR);
	assert_int_equal(c.arrivals[0], 2);
}

static void removing_never_goes_below_nothing(UNUSED void **state)
{
	struct counters c = {.counted = true};

	add(&c, 10, NOW);
	counters_remove(&c, 1, 11);
	assert_int_equal(c.messages, 0);
	assert_int_equal(c.octets, 0);
	assert_int_equal(c.oldest, 0);
	counters_remove(&c, 1, 1);
	assert_int_equal(c.messages, 0);
	assert_int_equal(c.octets, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_reads_back),
		cmocka_unit_test(a_record_of_version_2_is_read),
		cmocka_unit_test(a_record_of_version_3_is_read),
		cmocka_unit_test(an_hour_is_never_counted_short),
		cmocka_unit_test(any_octets_of_the_hour_are_borne),
		cmocka_unit_test(every_torn_record_is_found),
		cmocka_unit_test(an_hour_of_no_clock_is_no_record),
		cmocka_unit_test(arrivals_are_counted_by_hour),
		cmocka_unit_test(the_window_keeps_its_last_hour),
		cmocka_unit_test(a_clock_set_back_is_believed),
		cmocka_unit_test(nothing_came_later_than_now),
		cmocka_unit_test(removing_never_goes_below_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
