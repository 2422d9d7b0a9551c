/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of the index and of the lock file as bytes. */
#include "common/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "store/record.h"

static void a_message_record_reads_back(UNUSED void **state)
{
	const struct message_record r = {
		.sequence = 0x0102030405060708,
		.octets = UINT64_MAX - 1,
		.flags = MESSAGE_NORMALISED | MESSAGE_DAMAGED,
	};
	uint8_t bytes[RECORD_MESSAGE_SIZE];
	struct message_record back;

	record_message_encode(&r, bytes);
	/* Little-endian whatever the machine: copies move between machines. */
	assert_int_equal(bytes[2], 0x08);
	assert_int_equal(bytes[9], 0x01);
	assert_true(record_message_decode(bytes, sizeof(bytes), &back));
	assert_int_equal(back.sequence, r.sequence);
	assert_int_equal(back.octets, r.octets);
	assert_int_equal(back.flags, r.flags);
	assert_false(record_message_decode(bytes, sizeof(bytes) - 1, &back));
	bytes[0]++;
	assert_false(record_message_decode(bytes, sizeof(bytes), &back));
}

static void a_marker_reads_back_and_a_torn_one_does_not(UNUSED void **state)
{
	const struct marker m = {
		.valid = true,
		.dirty = true,
		.attempts = 2,
		.boot_id = {1, 2, 3, 15, [15] = 16},
		.generation = 77,
		.lock_dev = 1,
		.lock_ino = 2,
		.index_dev = 3,
		.index_ino = UINT64_MAX,
	};
	uint8_t bytes[RECORD_MARKER_SIZE], again[RECORD_MARKER_SIZE];
	struct marker back;

	record_marker_encode(&m, bytes);
	record_marker_decode(bytes, sizeof(bytes), &back);
	assert_true(back.valid);
	assert_int_equal(back.attempts, m.attempts);
	assert_int_equal(back.index_ino, m.index_ino);
	record_marker_encode(&back, again);
	assert_memory_equal(bytes, again, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= 0x80;
		record_marker_decode(bytes, sizeof(bytes), &back);
		assert_false(back.valid);
		bytes[i] ^= 0x80;
	}
	record_marker_decode(bytes, sizeof(bytes) - 1, &back);
	assert_false(back.valid);
}

static void activity_keys_run_with_time(UNUSED void **state)
{
	static const int64_t times[] = {0, 1, 255, 256, 1800000000, INT64_MAX};
	uint8_t before[RECORD_ACTIVITY_KEY_SIZE];
	uint8_t key[RECORD_ACTIVITY_KEY_SIZE];

	for (size_t i = 0; i < N_ELEMENTS(times); i++) {
		record_activity_key(times[i], i % 2 ? 0 : UINT64_MAX, key);
		assert_int_equal(record_activity_when(key), times[i]);
		if (i)
			assert_true(memcmp(before, key, sizeof(key)) < 0);
		memcpy(before, key, sizeof(key));
	}
}

static void activity_never_overflows(UNUSED void **state)
{
	char peer[2 * RECORD_ACTIVITY_MAX], text[RECORD_ACTIVITY_MAX];
	struct activity a = {
		.program = "smtp-journal",
		.peer = "192.0.2.7",
		.outcome = "kept",
		.messages = 1,
		.octets = 76800,
	};

	assert_int_equal(record_activity_encode(&a, text),
			 strlen("smtp-journal\t192.0.2.7\tkept\t1\t76800"));
	assert_string_equal(text, "smtp-journal\t192.0.2.7\tkept\t1\t76800");
	memset(peer, 'x', sizeof(peer) - 1);
	peer[sizeof(peer) - 1] = '\0';
	a.peer = peer;
	assert_int_equal(record_activity_encode(&a, text), sizeof(text) - 1);
}

static void activity_reads_back_and_nothing_else_does(UNUSED void **state)
{
	static const char good[] = "pop3-serve\t2001:db8::1\tcollected\t3\t900";
	static const char *const bad[] = {
		"",
		"pop3-serve",
		"pop3-serve\t192.0.2.7\tcollected\t3",
		"pop3-serve\t192.0.2.7\tcollected\t3\t",
		"pop3-serve\t192.0.2.7\tcollected\tx\t900",
		"pop3-serve\t192.0.2.7\tcollected\t3\t900\t",
	};
	struct activity_line l;

	assert_true(record_activity_decode(good, strlen(good), &l));
	assert_string_equal(l.program, "pop3-serve");
	assert_string_equal(l.peer, "2001:db8::1");
	assert_string_equal(l.outcome, "collected");
	assert_int_equal(l.messages, 3);
	assert_int_equal(l.octets, 900);
	for (size_t n = 0; n + 3 < sizeof(good) - 1; n++)
		assert_false(record_activity_decode(good, n, &l));
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_false(
			record_activity_decode(bad[i], strlen(bad[i]), &l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_record_reads_back),
		cmocka_unit_test(a_marker_reads_back_and_a_torn_one_does_not),
		cmocka_unit_test(activity_keys_run_with_time),
		cmocka_unit_test(activity_never_overflows),
		cmocka_unit_test(activity_reads_back_and_nothing_else_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
