/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line-end rule: a table of messages, each cut in every way; every short
 * message over {CR, LF, x} against the rule said in another way; and what is
 * right already goes through untouched.
 */
#include "common/base.h"
#include "common/crlf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/buf.h"
#include "tests/unit/cutting.h"

enum { MESSAGE_MAX = 4096 };

static int collect(void *to, const uint8_t *bytes, size_t n)
{
	return buf_add(to, bytes, n) ? 0 : -1;
}

struct row {
	const char *in, *out;
	bool changed;
};

static const struct row rows[] = {
	{"", "", false},
	{"a\r\n", "a\r\n", false},
	{"a", "a\r\n", true},
	{"a\n", "a\r\n", true},
	{"\n", "\r\n", true},
	{"\r\n", "\r\n", false},
	{"\r\n\r\n", "\r\n\r\n", false},
	{"\n\n", "\r\n\r\n", true},
	{"a\rb\r\n", "a b\r\n", true},
	{"a\r\rb\r\n", "a  b\r\n", true},
	{"a\r\r\n", "a\r\n", true},
	{"a\r\r\r\n", "a\r\n", true},
	{"\r", " \r\n", true},
	{"a\r\n\r", "a\r\n \r\n", true},
	{"a\r\n\n", "a\r\n\r\n", true},
	{"a\n\r\n", "a\r\n\r\n", true},
	{"a\n\rb", "a\r\n b\r\n", true},
	{"a\n.\nb", "a\r\n.\r\nb\r\n", true},
	{"a\r.\rb\r\n", "a . b\r\n", true},
	{"a\r\n.\rb\r\n", "a\r\n. b\r\n", true},
	{"one\r\ntwo\r\n\r\nthree\r\n", "one\r\ntwo\r\n\r\nthree\r\n", false},
};

static void expect(const struct cutting *cut, const struct row *row)
{
	const uint8_t *bytes = (const uint8_t *)row->in;
	size_t n = strlen(row->in), at = 0;
	struct crlf c;
	struct buf out;
	struct sink sink = {.push = collect, .to = &out};

	buf_init(&out, MESSAGE_MAX);
	crlf_init(&c);
	while (at < n) {
		size_t piece = cutting_piece(cut, at, n);

		assert_int_equal(crlf_push(&c, bytes + at, piece, &sink), 0);
		at += piece;
	}
	assert_int_equal(crlf_end(&c, &sink), 0);
	assert_string_equal(out.data, row->out);
	assert_int_equal(c.octets, out.len);
	assert_int_equal(c.changed, row->changed);
	buf_release(&out);
}

static void expect_row(const struct cutting *cut, const void *row)
{
	expect(cut, row);
}

static void every_row_cut_in_every_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		cutting_each(strlen(rows[i].in), expect_row, &rows[i]);
}

/* The rule once more, looking at a whole message instead of a stream. */
static void mend(const char *in, char *out)
{
	size_t n = strlen(in), used = 0;

	for (size_t i = 0; i < n; i++) {
		if (in[i] == '\r') {
			size_t after = i + strspn(in + i, "\r");

			if (in[after] != '\n')
				out[used++] = ' ';
		} else if (in[i] == '\n') {
			out[used++] = '\r';
			out[used++] = '\n';
		} else {
			out[used++] = in[i];
		}
	}
	if (used && out[used - 1] != '\n') {
		out[used++] = '\r';
		out[used++] = '\n';
	}
	out[used] = '\0';
}

static void every_short_message_agrees_with_the_rule(void **state)
{
	static const char letters[] = "\r\nx";
	enum { LONGEST = 7 };
	char in[LONGEST + 1], out[2 * LONGEST + 3];

	(void)state;
	for (unsigned n = 0; n <= LONGEST; n++) {
		unsigned count = 1;

		for (unsigned i = 0; i < n; i++)
			count *= 3;
		for (unsigned number = 0; number < count; number++) {
			struct row row = {.in = in, .out = out};
			unsigned rest = number;

			for (unsigned i = 0; i < n; i++, rest /= 3)
				in[i] = letters[rest % 3];
			in[n] = '\0';
			mend(in, out);
			row.changed = strcmp(in, out) != 0;
			expect(&(struct cutting){.step = 1}, &row);
			expect(&(struct cutting){.step = n ? n : 1}, &row);
			expect(&(struct cutting){.first = n / 2, .step = n},
			       &row);
		}
	}
}

static void nul_and_eight_bits_are_text(void **state)
{
	static const uint8_t in[] = {0, 0xff, '\r', '\n', 0x80, '\r', '\n'};
	struct crlf c;
	struct buf out;
	struct sink sink = {.push = collect, .to = &out};

	(void)state;
	buf_init(&out, MESSAGE_MAX);
	crlf_init(&c);
	assert_int_equal(crlf_push(&c, in, sizeof(in), &sink), 0);
	assert_int_equal(crlf_end(&c, &sink), 0);
	assert_int_equal(out.len, sizeof(in));
	assert_memory_equal(out.data, in, sizeof(in));
	assert_false(c.changed);
	buf_release(&out);
}

/* More CRs than any buffer holds are still only a number. */
static void a_flood_of_crs_is_counted(void **state)
{
	uint8_t crs[1000];
	struct crlf c;
	struct buf out;
	struct sink sink = {.push = collect, .to = &out};

	(void)state;
	memset(crs, '\r', sizeof(crs));
	buf_init(&out, MESSAGE_MAX);
	crlf_init(&c);
	assert_int_equal(crlf_push(&c, crs, sizeof(crs), &sink), 0);
	assert_int_equal(out.len, 0);
	assert_int_equal(crlf_push(&c, (const uint8_t *)"x", 1, &sink), 0);
	assert_int_equal(out.len, sizeof(crs) + 1);
	assert_int_equal(strspn(out.data, " "), sizeof(crs));
	buf_release(&out);
}

static int refuse(void *to, const uint8_t *bytes, size_t n)
{
	(void)bytes, (void)n;
	++*(unsigned *)to;
	return -1;
}

static void a_failing_sink_is_reported_at_once(void **state)
{
	static const char *const inputs[] = {"a\r\n", "\n", "\rb"};
	struct crlf c;
	unsigned calls;
	struct sink sink = {.push = refuse, .to = &calls};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(inputs); i++) {
		calls = 0;
		crlf_init(&c);
		assert_int_equal(crlf_push(&c, (const uint8_t *)inputs[i],
					   strlen(inputs[i]), &sink),
				 -1);
		assert_int_equal(calls, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_cut_in_every_way),
		cmocka_unit_test(every_short_message_agrees_with_the_rule),
		cmocka_unit_test(nul_and_eight_bits_are_text),
		cmocka_unit_test(a_flood_of_crs_is_counted),
		cmocka_unit_test(a_failing_sink_is_reported_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
