/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CSV as RFC 4180 has it, and what is none. */
#include "common/base.h"
#include "handlers/tool/csv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/log.h"

/* Records as "a|b;", one behind the other; a fault as its text. */
static void read_all_of(const char *text, size_t n, char out[256])
{
	/* A copy of just its size, so that nothing is read beyond it. */
	char *copy = memcpy(xmalloc(n ? n : 1), text, n);
	struct csv_record r;
	struct csv c;
	struct err e;
	int result;
	size_t at = 0;

	csv_begin(&c, copy, n);
	while ((result = csv_read(&c, &r, &e)) > 0) {
		for (size_t i = 0; i < r.n; i++)
			at += (size_t)snprintf(out + at, 256 - at, "%s%s",
					       i ? "|" : "", r.fields[i]);
		at += (size_t)snprintf(out + at, 256 - at, ";");
		csv_release(&r);
	}
	snprintf(out + at, 256 - at, "%s", result < 0 ? e.text : "");
	free(copy);
}

static const struct {
	const char *text, *said;
} rows[] = {
	{"", ""},
	{"a", "a;"},
	{"a\n", "a;"},
	{"a\r\n", "a;"},
	{"a,b\nc,d\r\n", "a|b;c|d;"},
	{",\n", "|;"},
	{"\n", ";"},
	{"\xef\xbb\xbf"
	 "a\n",
	 "a;"},
	{"\"a\",\"b,c\"\n", "a|b,c;"},
	{"\"a\"\"b\"", "a\"b;"},
	{"\"\"\"\"", "\";"},
	{"\"\"", ";"},
	{"\"a\nb\",c\n", "a\nb|c;"},
	{"\xc3\xbc,x", "\xc3\xbc|x;"},
	{"a\"b", "line 1: a quotation mark within a field that does not begin "
		 "with one"},
	{"x\n\"a", "x;line 2: a quotation mark that is not closed"},
	{"\"a\nb\"\n\"c\"d\n",
	 "a\nb;line 3: something behind a closing quotation mark"},
	{"a\rb\n", "line 1: a control character"},
	{"\"\"\"", "line 1: a quotation mark that is not closed"},
};

static void test_records(void **state)
{
	char said[256];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		read_all_of(rows[i].text, strlen(rows[i].text), said);
		assert_string_equal(said, rows[i].said);
	}
	read_all_of("a\0b", 3, said);
	assert_string_equal(said, "line 1: a control character");
	read_all_of("\"a\0b\"", 5, said);
	assert_string_equal(said, "line 1: a control character");
}

/* What is written is read as it was. */
static void test_there_and_back(void **state)
{
	static const char *const fields[] = {"",      "a",	"a,b", "\"",
					     "a\"b,", "a\r\nb", " a "};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
		struct csv_record r;
		struct buf out;
		struct csv c;
		struct err e;

		buf_init(&out, 64);
		assert_true(csv_add(&out, fields[i]));
		assert_true(buf_adds(&out, ",x\n"));
		csv_begin(&c, out.data, out.len);
		assert_int_equal(csv_read(&c, &r, &e), 1);
		assert_int_equal(r.n, 2);
		assert_string_equal(r.fields[0], fields[i]);
		csv_release(&r);
		assert_int_equal(csv_read(&c, &r, &e), 0);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
