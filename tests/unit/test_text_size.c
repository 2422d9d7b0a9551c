/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where one unit ends and the next begins. */
#include "common/base.h"
#include "common/text_size.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void sizes_round_to_what_fits(void **state)
{
	static const struct {
		uint64_t octets;
		const char *text;
	} rows[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{1023 * 1024, "1.0 MiB"},
		{(uint64_t)999 << 20, "999 MiB"},
		{(uint64_t)1000 << 20, "1.0 GiB"},
		{UINT64_MAX, "16384 PiB"},
	};
	char out[TEXT_SIZE_MAX];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		assert_string_equal(text_size(rows[i].octets, '.', out),
				    rows[i].text);
	assert_string_equal(text_size(1536, ',', out), "1,5 KiB");
}

static void spans_have_the_largest_whole_unit(void **state)
{
	static const struct {
		int64_t seconds;
		struct text_span span;
	} rows[] = {
		{-5, {0, SPAN_MINUTES}}, {59, {0, SPAN_MINUTES}},
		{60, {1, SPAN_MINUTES}}, {3599, {59, SPAN_MINUTES}},
		{3600, {1, SPAN_HOURS}}, {86399, {23, SPAN_HOURS}},
		{86400, {1, SPAN_DAYS}}, {3 * 86400, {3, SPAN_DAYS}},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct text_span s = text_span_of(rows[i].seconds);

		assert_int_equal(s.n, rows[i].span.n);
		assert_int_equal(s.unit, rows[i].span.unit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_round_to_what_fits),
		cmocka_unit_test(spans_have_the_largest_whole_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
