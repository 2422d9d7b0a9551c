/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choosing a language, and numbers as each of them writes them. */
#include "common/base.h"
#include "handlers/console/text/language.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void the_browser_is_heard(void **state)
{
	static const struct {
		const char *header;
		const char *code; /* NULL: none of ours */
	} rows[] = {
		{"", NULL},
		{"de", "de"},
		{"de-AT", "de"},
		{"fr, en;q=0.5, de;q=0.8", "de"},
		{"it;q=0.1,en;q=0.9", "en"},
		{"it , de", "it"},
		{"de;q=0, it;q=0.001", "it"},
		{"de;q=0", NULL},
		{"deu", NULL},
		{"fr;q=1.0, *;q=0.1", NULL},
		{"en;q=0.999, de;q=1", "de"},
		{",,, ;q=, it;", "it"},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct language *l = language_accepted(rows[i].header);

		if (!rows[i].code)
			assert_null(l);
		else if (!l || strcmp(l->code, rows[i].code) != 0)
			fail_msg("\"%s\": %s", rows[i].header,
				 l ? l->code : "none");
	}
}

static void numbers_have_their_form(void **state)
{
	const struct language *en = language_find("en");
	const struct language *de = language_find("de");
	char out[TEXT_SIZE];

	(void)state;
	assert_string_equal(text_number(en, 0, out), "0");
	assert_string_equal(text_number(en, 999, out), "999");
	assert_string_equal(text_number(en, 1000, out), "1,000");
	assert_string_equal(text_number(de, 1234567, out), "1.234.567");
	assert_string_equal(text_number(en, UINT64_MAX, out),
			    "18,446,744,073,709,551,615");
}

static void sizes_have_a_unit(void **state)
{
	static const struct {
		uint64_t octets;
		const char *english, *german;
	} rows[] = {
		{0, "0 B", "0 B"},
		{1023, "1023 B", "1023 B"},
		{1024, "1.0 KiB", "1,0 KiB"},
		{1536, "1.5 KiB", "1,5 KiB"},
		{10 * 1024, "10 KiB", "10 KiB"},
		{1023 * 1024, "1.0 MiB", "1,0 MiB"},
		{(uint64_t)5 << 30, "5.0 GiB", "5,0 GiB"},
		{(uint64_t)1 << 50, "1.0 PiB", "1,0 PiB"},
		{(uint64_t)1 << 60, "1024 PiB", "1024 PiB"},
	};
	char out[TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		assert_string_equal(
			text_octets(language_find("en"), rows[i].octets, out),
			rows[i].english);
		assert_string_equal(
			text_octets(language_find("de"), rows[i].octets, out),
			rows[i].german);
	}
}

static void times_are_those_of_the_machine(void **state)
{
	char out[TEXT_SIZE];

	(void)state;
	setenv("TZ", "UTC-2", 1); /* two hours east */
	assert_string_equal(text_time(language_find("de"), 1795514340, out),
			    "24.11.2026 11:59");
	assert_string_equal(text_date(language_find("it"), 1795514340, out),
			    "24/11/2026");
	assert_string_equal(text_time(language_find("en"), 1793490000, out),
			    "1 Nov 2026 01:40");
	assert_string_equal(text_time(language_find("en"), 0, out), "never");
	assert_string_equal(text_span(59, out), "0 minutes");
	assert_string_equal(text_span(60, out), "1 minute");
	assert_string_equal(text_span(2 * 3600, out), "2 hours");
	assert_string_equal(text_span(3 * 86400, out), "3 days");
	assert_string_equal(text_span(-5, out), "0 minutes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_browser_is_heard),
		cmocka_unit_test(numbers_have_their_form),
		cmocka_unit_test(sizes_have_a_unit),
		cmocka_unit_test(times_are_those_of_the_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
