/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers at their edges: the largest, one more, and what is none. */
#include "common/base.h"
#include "common/num.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_decimal(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool ok;
		uint64_t value;
	} rows[] = {
		{"0", 0, true, 0},
		{"1", 0, false, 0},
		{"7", 7, true, 7},
		{"8", 7, false, 0},
		{"007", 7, true, 7},
		{"10", 9, false, 0},
		{"9", 9, true, 9},
		{"255", 255, true, 255},
		{"256", 255, false, 0},
		{"260", 255, false, 0},
		{"1000", 255, false, 0},
		{"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
		{"18446744073709551616", UINT64_MAX, false, 0},
		{"18446744073709551625", UINT64_MAX, false, 0},
		{"184467440737095516150", UINT64_MAX, false, 0},
		{"000000000000000000000000000001", UINT64_MAX, true, 1},
		{"", UINT64_MAX, false, 0},
		{" 1", UINT64_MAX, false, 0},
		{"1 ", UINT64_MAX, false, 0},
		{"+1", UINT64_MAX, false, 0},
		{"-1", UINT64_MAX, false, 0},
		{"0x1", UINT64_MAX, false, 0},
		{"1.0", UINT64_MAX, false, 0},
		{"1e3", UINT64_MAX, false, 0},
		{"\xb2", UINT64_MAX, false, 0},
		{"/", UINT64_MAX, false, 0},
		{":", UINT64_MAX, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		uint64_t value = 42;

		if (num_parse(rows[i].text, strlen(rows[i].text), rows[i].max,
			      &value) != rows[i].ok)
			fail_msg("\"%s\": not %d", rows[i].text, rows[i].ok);
		assert_true(value == (rows[i].ok ? rows[i].value : 42));
	}
}

static void test_decimal_length(void **state)
{
	uint64_t value;

	(void)state;
	assert_true(num_parse("123456", 3, UINT64_MAX, &value));
	assert_int_equal(value, 123);
	assert_false(num_parse("12\0", 3, UINT64_MAX, &value));
}

static void test_hexadecimal(void **state)
{
	uint8_t bytes[4];
	char text[9];

	(void)state;
	assert_true(num_parse_hex("00fFa509", 8, bytes, 4));
	assert_memory_equal(bytes, "\x00\xff\xa5\x09", 4);
	num_write_hex(bytes, 4, text);
	assert_string_equal(text, "00ffa509");
	num_write_hex(bytes, 0, text);
	assert_string_equal(text, "");
	assert_true(num_parse_hex("", 0, bytes, 0));
	assert_false(num_parse_hex("00fFa509", 7, bytes, 4));
	assert_false(num_parse_hex("00fFa509", 8, bytes, 3));
	assert_false(num_parse_hex("00fFa5", 6, bytes, 4));
	for (int c = 0; c < 256; c++) {
		char pair[2] = {'0', (char)c};
		bool digit = strchr("0123456789abcdefABCDEF", c) && c;

		assert_int_equal(num_parse_hex(pair, 2, bytes, 1), digit);
	}
}

static void test_little_endian(void **state)
{
	uint8_t p[8];

	(void)state;
	num_store16(p, 0x1234);
	assert_memory_equal(p, "\x34\x12", 2);
	assert_int_equal(num_load16(p), 0x1234);
	num_store32(p, 0xfedcba98);
	assert_memory_equal(p, "\x98\xba\xdc\xfe", 4);
	assert_true(num_load32(p) == 0xfedcba98);
	num_store64(p, 0xfedcba9876543210);
	assert_memory_equal(p, "\x10\x32\x54\x76\x98\xba\xdc\xfe", 8);
	assert_true(num_load64(p) == 0xfedcba9876543210);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_decimal_length),
		cmocka_unit_test(test_hexadecimal),
		cmocka_unit_test(test_little_endian),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
