/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors as values: kinds, texts, what is cut, and the exit codes promised. */
#include "common/base.h"
#include "common/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_set(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, ERR_BUSY, "%s: %d", "index", 7), -1);
	assert_int_equal(e.kind, ERR_BUSY);
	assert_string_equal(e.text, "index: 7");
	assert_int_equal(err_prefix(&e, "mailbox %s", "mbx-1"), -1);
	assert_int_equal(e.kind, ERR_BUSY);
	assert_string_equal(e.text, "mailbox mbx-1: index: 7");
}

static void test_system_calls(void **state)
{
	static const struct {
		int number;
		enum err_kind kind;
	} rows[] = {
		{ENOSPC, ERR_FULL}, {EDQUOT, ERR_FULL}, {ENOENT, ERR_TEMP},
		{EIO, ERR_TEMP},    {EACCES, ERR_TEMP},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char expected[200];
		struct err e;

		snprintf(expected, sizeof(expected), "fsync tmp: %s",
			 strerror(rows[i].number));
		errno = rows[i].number;
		assert_int_equal(err_sys(&e, "fsync %s", "tmp"), -1);
		assert_int_equal(e.kind, rows[i].kind);
		assert_string_equal(e.text, expected);
		assert_int_equal(errno, rows[i].number);
	}
}

static void test_long_texts(void **state)
{
	char text[2 * sizeof(((struct err *)NULL)->text)];
	struct err e;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&e, ERR_TEMP, "%s", text);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	errno = EIO;
	err_sys(&e, "%s", text);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	err_set(&e, ERR_TEMP, "%.*s", (int)sizeof(e.text) - 10, text);
	err_prefix(&e, "in front of");
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_memory_equal(e.text, "in front of: xxx", 16);
	err_prefix(&e, "%s", text);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
}

static void test_exit_codes(void **state)
{
	static const struct {
		enum err_kind kind;
		int code;
	} rows[] = {
		{ERR_NONE, 0},	   {ERR_TEMP, 75},     {ERR_FULL, 75},
		{ERR_BUSY, 69},	   {ERR_ABSENT, 67},   {ERR_STATE, 64},
		{ERR_DAMAGED, 75}, {ERR_PASSWORD, 77}, {ERR_CONFIG, 64},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		assert_int_equal(err_exit_code(rows[i].kind), rows[i].code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_system_calls),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_exit_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
