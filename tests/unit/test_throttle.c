/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How failures slow the next try, across processes, and how they are forgiven.
 */
#include "common/base.h"
#include "common/throttle.h"

#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "handlers/session/login_throttle.h"
#include "common/digest.h"
#include "tests/support/test_dir.h"

static const char file[] = "failures";

static char dir[TEST_DIR_SIZE];

static int make_dir(void **state UNUSED)
{
	test_dir_make(dir);
	return 0;
}

static int remove_dir(void **state UNUSED)
{
	test_dir_remove(dir);
	return 0;
}

static void every_failure_doubles_the_wait(void **state UNUSED)
{
	/* Typing errors are not slowed. */
	static const unsigned waits[] = {0, 0, 0, 1, 2, 4, 8, 16, 30, 30};

	for (size_t i = 0; i < N_ELEMENTS(waits); i++) {
		assert_int_equal(throttle_delay(dir, file, "a"), waits[i]);
		throttle_note(dir, file, "a", true);
	}
}

static void a_good_login_forgives(void **state UNUSED)
{
	for (unsigned i = 0; i < 5; i++)
		throttle_note(dir, file, "a", true);
	throttle_note(dir, file, "a", false);
	assert_int_equal(throttle_delay(dir, file, "a"), 0);
	for (unsigned i = 0; i < 3; i++)
		throttle_note(dir, file, "a", true);
	assert_int_equal(throttle_delay(dir, file, "a"), 1);
}

static void keys_and_files_are_apart(void **state UNUSED)
{
	for (unsigned i = 0; i < 5; i++)
		throttle_note(dir, file, "192.0.2.7 mail.example", true);
	assert_int_equal(throttle_delay(dir, file, "192.0.2.8 mail.example"),
			 0);
	assert_int_equal(throttle_delay(dir, file, ""), 0);
	assert_int_equal(throttle_delay(dir, "other", "192.0.2.7 mail.example"),
			 0);
}

/* A table whose key we know, as nobody outside does. */
static void make_table(void)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs("0123456789abcdef", f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static unsigned slot_of(const char *key)
{
	char hex[DIGEST_HEX_LEN + 1];

	digest_keyed_hex("30313233343536373839616263646566", key, hex);
	hex[16] = '\0';
	return (unsigned)(strtoull(hex, NULL, 16) % 4096);
}

/* The first name, after the number given, that falls together with this. */
static unsigned find_other(const char *key, unsigned after, char out[32])
{
	do
		snprintf(out, 32, "n%u", ++after);
	while (slot_of(out) != slot_of(key));
	return after;
}

/* Neither of two that share a slot ends what the other has counted. */
static void no_key_ends_anothers_count(void **state UNUSED)
{
	char other[32];

	make_table();
	find_other("anna", 0, other);
	for (unsigned i = 0; i < 4; i++)
		throttle_note(dir, file, "anna", true);
	assert_int_equal(throttle_delay(dir, file, "anna"), 2);
	assert_int_equal(throttle_delay(dir, file, other), 2);
	throttle_note(dir, file, other, false);
	assert_int_equal(throttle_delay(dir, file, "anna"), 2);
	throttle_note(dir, file, "anna", true);
	assert_int_equal(throttle_delay(dir, file, "anna"), 4);
}

/* Who went well before waits for what it does itself, and for nothing else. */
static void strangers_slow_nobody_who_is_known(void **state UNUSED)
{
	char stranger[32], another[32];
	unsigned n;

	make_table();
	n = find_other("archive", 0, stranger);
	find_other("archive", n, another);
	assert_false(throttle_knows(dir, file, "archive"));
	throttle_note(dir, file, "archive", false);
	assert_true(throttle_knows(dir, file, "archive"));
	for (unsigned i = 0; i < 8; i++)
		throttle_note(dir, file, stranger, true);
	assert_int_equal(throttle_delay(dir, file, "archive"), 0);
	assert_int_equal(throttle_delay(dir, file, another), 30);
	for (unsigned i = 0; i < 4; i++)
		throttle_note(dir, file, "archive", true);
	assert_int_equal(throttle_delay(dir, file, "archive"), 2);
	assert_false(throttle_knows(dir, file, stranger));
}

/* What falls together in one table is no help in another. */
static void every_table_has_its_key(void **state UNUSED)
{
	char keys[2][16], path[128];
	const char *const names[] = {"one", "two"};

	for (size_t i = 0; i < 2; i++) {
		int fd;

		throttle_note(dir, names[i], "a", true);
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		fd = open(path, O_RDONLY);
		assert_int_equal(read(fd, keys[i], 16), 16);
		close(fd);
	}
	assert_memory_not_equal(keys[0], keys[1], 16);
}

static void an_ipv6_network_is_one_origin(void **state UNUSED)
{
	static const char *const rows[][2] = {
		{"2001:db8:1:2::7", "20010db800010002"},
		{"2001:db8:1:2:ffff::1", "20010db800010002"},
		{"2001:db8:1:3::7", "20010db800010003"},
		{"192.0.2.7", "192.0.2.7"},
		{"local", "local"},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char origin[THROTTLE_ORIGIN];

		throttle_origin(rows[i][0], origin);
		assert_string_equal(origin, rows[i][1]);
	}
}

/* None is lost between processes that count at once. */
static void processes_count_together(void **state UNUSED)
{
	enum { PROCESSES = 7 };
	pid_t children[PROCESSES];

	for (size_t i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			throttle_note(dir, file, "a", true);
			_exit(0);
		}
	}
	for (size_t i = 0; i < PROCESSES; i++)
		assert_int_equal(waitpid(children[i], NULL, 0), children[i]);
	assert_int_equal(throttle_delay(dir, file, "a"), 16);
}

static void without_the_file_nobody_waits(void **state UNUSED)
{
	throttle_note("/nonexistent", file, "a", true);
	assert_int_equal(throttle_delay("/nonexistent", file, "a"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_failure_doubles_the_wait,
						make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(a_good_login_forgives, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(keys_and_files_are_apart,
						make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(no_key_ends_anothers_count,
						make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			strangers_slow_nobody_who_is_known, make_dir,
			remove_dir),
		cmocka_unit_test_setup_teardown(every_table_has_its_key,
						make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(processes_count_together,
						make_dir, remove_dir),
		cmocka_unit_test(an_ipv6_network_is_one_origin),
		cmocka_unit_test(without_the_file_nobody_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
