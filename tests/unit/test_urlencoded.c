/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forms as browsers send them, and as nobody should. */
#include "common/base.h"
#include "handlers/console/web/urlencoded.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool parse(const char *text, size_t n, char *room, struct urlencoded *p)
{
	memcpy(room, text, n);
	room[n] = 'X'; /* nothing behind it counts */
	return urlencoded_parse(room, n, p);
}

static void what_is_sent_is_read(void **state)
{
	static const char text[] =
		"name=Gr%C3%BC%C3%9Fe+an+alle&empty=&alone&&a%26b=c%3Dd&"
		"name=second&lines=one%0D%0Atwo";
	char room[sizeof(text)];
	struct urlencoded p;

	(void)state;
	assert_true(parse(text, sizeof(text) - 1, room, &p));
	assert_int_equal(p.n, 6);
	assert_string_equal(urlencoded_value(&p, "name"), "Gr\xc3\xbc\xc3\x9f"
							  "e an alle");
	assert_string_equal(urlencoded_value(&p, "empty"), "");
	assert_non_null(urlencoded_find(&p, "alone"));
	assert_string_equal(urlencoded_value(&p, "a&b"), "c=d");
	assert_string_equal(urlencoded_value(&p, "lines"), "one\r\ntwo");
	assert_null(urlencoded_find(&p, "nam"));
	assert_string_equal(urlencoded_value(&p, "nam"), "");
}

static void a_nul_shows(void **state)
{
	char room[32];
	struct urlencoded p;

	(void)state;
	assert_true(parse("a=b%00c", 7, room, &p));
	assert_int_equal(urlencoded_find(&p, "a")->len, 3);
	assert_string_equal(urlencoded_value(&p, "a"), "b");
}

static void what_is_broken_is_refused(void **state)
{
	static const char *const bad[] = {"a=%", "a=%4",     "a=%4g", "a=%g4",
					  "%=b", "a=b&c=%f", "a=%%20"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		char room[32];
		struct urlencoded p;

		if (parse(bad[i], strlen(bad[i]), room, &p))
			fail_msg("%s was taken", bad[i]);
	}
}

static void there_is_a_limit(void **state)
{
	char text[4 * URLENCODED_MAX + 8] = "", room[sizeof(text)];
	struct urlencoded p;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < URLENCODED_MAX; i++, n += 4)
		memcpy(text + n, "a=b&", 4);
	assert_true(parse(text, n, room, &p));
	assert_int_equal(p.n, URLENCODED_MAX);
	memcpy(text + n, "a=b", 3);
	assert_false(parse(text, n + 3, room, &p));
}

/* Whatever the octets are, nothing outside them is touched. */
static void every_cut_is_survived(void **state)
{
	static const char text[] = "a=%41%42&b%3d=+&c&=%7e&d=%C3%A4";
	struct urlencoded p;

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		char *room = malloc(n + 1);

		(void)parse(text, n, room, &p);
		free(room);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sent_is_read),
		cmocka_unit_test(a_nul_shows),
		cmocka_unit_test(what_is_broken_is_refused),
		cmocka_unit_test(there_is_a_limit),
		cmocka_unit_test(every_cut_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
