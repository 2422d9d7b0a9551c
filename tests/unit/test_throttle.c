/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How failures slow the next try, across processes, and how they are forgiven.
 */
#include "common/base.h"
#include "common/throttle.h"

#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "handlers/session/login_throttle.h"
#include "tests/support/test_cert.h"

static const char file[] = "failures";

static char dir[64];

static int make_dir(void **state UNUSED)
{
	test_dir_make(dir, sizeof(dir));
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

/* "anna" and "x110" share a slot: neither ends what the other has counted. */
static void no_key_ends_anothers_count(void **state UNUSED)
{
	for (unsigned i = 0; i < 4; i++)
		throttle_note(dir, file, "anna", true);
	assert_int_equal(throttle_delay(dir, file, "anna"), 2);
	assert_int_equal(throttle_delay(dir, file, "x110"), 2);
	throttle_note(dir, file, "x110", false);
	assert_int_equal(throttle_delay(dir, file, "anna"), 2);
	throttle_note(dir, file, "x110", true);
	assert_int_equal(throttle_delay(dir, file, "anna"), 4);
	throttle_note(dir, file, "anna", true);
	assert_int_equal(throttle_delay(dir, file, "anna"), 8);
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
		cmocka_unit_test_setup_teardown(processes_count_together,
						make_dir, remove_dir),
		cmocka_unit_test(an_ipv6_network_is_one_origin),
		cmocka_unit_test(without_the_file_nobody_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
