/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The escaping writer: whatever comes, the page stays the page. */
#include "common/base.h"
#include "handlers/console/web/html.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void values_are_escaped(void **state)
{
	static const struct {
		const char *value;
		const char *written;
	} rows[] = {
		{"plain", "plain"},
		{"<script>alert(1)</script>",
		 "&lt;script&gt;alert(1)&lt;/script&gt;"},
		{"\" onload='x'", "&quot; onload=&#39;x&#39;"},
		{"a&amp;b", "a&amp;amp;b"},
		{"Gr\xc3\xbc\xc3\x9f"
		 "e \xf0\x9f\x93\xae",
		 "Gr\xc3\xbc\xc3\x9f"
		 "e \xf0\x9f\x93\xae"},
		{"\xff\xc3", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"a\x01"
		 "b\x1b[0m",
		 "a\xef\xbf\xbd"
		 "b\xef\xbf\xbd[0m"},
		{"two\r\nlines", "two\r\nlines"},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char expected[200];
		struct html h;

		html_init(&h);
		html_add(&h, "<a b=\"%s\">", rows[i].value);
		snprintf(expected, sizeof(expected), "<a b=\"%s\">",
			 rows[i].written);
		assert_string_equal(h.out.data, expected);
		html_release(&h);
	}
}

static void numbers(void **state)
{
	struct html h;

	(void)state;
	html_init(&h);
	html_add(&h, "%d %d %u %zu %jd %ju %c 100%%", -7, 0, 7u, (size_t)8,
		 (intmax_t)INT64_MIN, (uintmax_t)UINT64_MAX, '<');
	assert_string_equal(h.out.data, "-7 0 7 8 -9223372036854775808 "
					"18446744073709551615 &lt; 100%");
	html_release(&h);
}

static void a_nul_is_no_end(void **state)
{
	struct html h;

	(void)state;
	html_init(&h);
	html_text(&h, "a\0<", 3);
	assert_int_equal(h.out.len, 1 + 3 + 4);
	assert_false(h.full);
	html_release(&h);
}

static void too_much_is_told(void **state)
{
	static const char block[] = "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<";
	struct html h;

	(void)state;
	html_init(&h);
	for (size_t i = 0; i <= HTML_MAX / (4 * (sizeof(block) - 1)); i++)
		html_add(&h, "%s", block);
	assert_true(h.full);
	html_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_escaped),
		cmocka_unit_test(numbers),
		cmocka_unit_test(a_nul_is_no_end),
		cmocka_unit_test(too_much_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
