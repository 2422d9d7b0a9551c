/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The seam between a trace header and a message: every first line, cut in
 * every way; what follows it goes through untouched.
 */
#include "common/base.h"
#include "handlers/mail/first_line.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "handlers/mail/mail_head.h"
#include "tests/unit/collecting.h"
#include "tests/unit/cutting.h"

enum { TEXT_MAX = 64 * 1024 };

static const struct row {
	const char *in;
	bool parted; /* an empty line goes before it */
} rows[] = {
	{"Subject: x\r\n\r\nbody\r\n", false},
	{"Subject:\r\n", false},
	{"X:", false},
	{"\r\nbody\r\n", false},
	{"", true},
	{"no field\r\n", true},
	{"no field", true},
	{" folded: x\r\n", true},
	{"From joe Mon Jan 1\r\n", true},
	{": x\r\n", true},
	{"S\xc3\xbc: x\r\n", true},
	{"half", true},
};

static void expect(const struct cutting *cut, const void *arg)
{
	const struct row *row = arg;
	const uint8_t *bytes = (const uint8_t *)row->in;
	struct collecting out = {.fails_at = 0};
	const struct sink sink = collecting_sink(&out);
	size_t n = strlen(row->in);
	struct first_line f;

	buf_init(&out.text, TEXT_MAX);
	first_line_init(&f);
	for (size_t at = 0; at < n;) {
		size_t piece = cutting_piece(cut, at, n);

		assert_int_equal(first_line_push(&f, bytes + at, piece, &sink),
				 0);
		at += piece;
	}
	assert_int_equal(first_line_end(&f, &sink), 0);
	assert_int_equal(out.text.len, n + (row->parted ? 2 : 0));
	if (row->parted)
		assert_memory_equal(out.text.data, "\r\n", 2);
	assert_string_equal(out.text.data + (row->parted ? 2 : 0), row->in);
	first_line_release(&f);
	buf_release(&out.text);
}

static void every_first_line_however_cut(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		cutting_each(strlen(rows[i].in), expect, &rows[i]);
}

/* No more is held back than a name may be long. */
static void a_line_without_an_end_is_let_go(void **state UNUSED)
{
	struct collecting out = {.fails_at = 0};
	const struct sink sink = collecting_sink(&out);
	uint8_t bytes[3 * MAIL_FIRST_LINE_MAX];
	struct first_line f;

	memset(bytes, 'x', sizeof(bytes));
	buf_init(&out.text, TEXT_MAX);
	first_line_init(&f);
	assert_int_equal(
		first_line_push(&f, bytes, MAIL_FIRST_LINE_MAX - 1, &sink), 0);
	assert_int_equal(out.text.len, 0);
	assert_int_equal(first_line_push(&f, bytes, sizeof(bytes), &sink), 0);
	assert_int_equal(out.text.len,
			 2 + MAIL_FIRST_LINE_MAX - 1 + sizeof(bytes));
	first_line_release(&f);
	buf_release(&out.text);
}

static void what_the_sink_refuses_is_told(void **state UNUSED)
{
	static const char text[] = "no field\r\nmore\r\n";

	for (size_t at = 1; at < strlen(text) + 2; at++) {
		struct collecting out = {.fails_at = at};
		const struct sink sink = collecting_sink(&out);
		struct first_line f;

		buf_init(&out.text, TEXT_MAX);
		first_line_init(&f);
		assert_int_equal(first_line_push(&f, (const uint8_t *)text,
						 strlen(text), &sink),
				 -1);
		first_line_release(&f);
		buf_release(&out.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_first_line_however_cut),
		cmocka_unit_test(a_line_without_an_end_is_let_go),
		cmocka_unit_test(what_the_sink_refuses_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
