/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8 at its edges (RFC 3629 4), and where the octets end too soon. */
#include "common/base.h"
#include "common/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void lengths(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} rows[] = {
		{"a", 1},
		{"\x7f", 1},
		{"\xc2\x80", 2},
		{"\xdf\xbf", 2},
		{"\xe0\xa0\x80", 3},
		{"\xed\x9f\xbf", 3},
		{"\xee\x80\x80", 3},
		{"\xef\xbf\xbf", 3},
		{"\xf0\x90\x80\x80", 4},
		{"\xf4\x8f\xbf\xbf", 4},
		{"\x80", 0},
		{"\xbf\x80", 0},
		{"\xc0\xaf", 0}, /* overlong "/" */
		{"\xc1\xbf", 0},
		{"\xe0\x9f\xbf", 0},	 /* overlong */
		{"\xed\xa0\x80", 0},	 /* a surrogate */
		{"\xf0\x8f\xbf\xbf", 0}, /* overlong */
		{"\xf4\x90\x80\x80", 0}, /* beyond U+10FFFF */
		{"\xf5\x80\x80\x80", 0},
		{"\xff", 0},
		{"\xe2\x82\x41", 0},
		{"\xe2\x41\xac", 0},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const uint8_t *s = (const uint8_t *)rows[i].text;
		size_t n = strlen(rows[i].text);

		if (utf8_length(s, n) != rows[i].length)
			fail_msg("row %zu: %zu", i, utf8_length(s, n));
		for (size_t cut = 0; cut < rows[i].length; cut++)
			assert_int_equal(utf8_length(s, cut), 0);
	}
}

static void controls(void **state)
{
	static const char *const are[] = {"\x01", "\x1f", "\x7f", "\xc2\x80",
					  "\xc2\x9f"};
	static const char *const are_not[] = {" ", "~", "\xc2\xa0", "\xc3\x80"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(are); i++)
		assert_true(utf8_is_control((const uint8_t *)are[i],
					    strlen(are[i])));
	for (size_t i = 0; i < N_ELEMENTS(are_not); i++)
		assert_false(utf8_is_control((const uint8_t *)are_not[i],
					     strlen(are_not[i])));
	assert_true(utf8_is_control((const uint8_t *)"", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(controls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
