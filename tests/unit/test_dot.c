/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dot transparency: messages and what follows them, each cut in every way;
 * everything that looks like an end and is none; and a round trip of every
 * short message.
 */
#include "common/base.h"
#include "handlers/mail/dot.h"

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
	const char *in, *out, *rest; /* rest NULL: the message does not end */
};

static const struct row rows[] = {
	{".\r\n", "", ""},
	{".\r\nQUIT\r\n", "", "QUIT\r\n"},
	{"a\r\n.\r\n", "a\r\n", ""},
	{"a\r\n.\r\n.\r\n", "a\r\n", ".\r\n"},
	{"\r\n.\r\nx", "\r\n", "x"},
	{"..\r\n.\r\n", ".\r\n", ""},
	{".a\r\n.\r\n", "a\r\n", ""},
	{"a\r\n..b\r\n...\r\n.\r\n", "a\r\n.b\r\n..\r\n", ""},
	{"a.\r\n.\r\n", "a.\r\n", ""},
	{"a\r\r\n.\r\n", "a\r\r\n", ""},
	{"a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", ""},
	{"a\r\n.\r.\r\n.\r\n", "a\r\n\r.\r\n", ""},
	{"", "", NULL},
	{".", "", NULL},
	{".\r", "", NULL},
	{"a\r\n.", "a\r\n", NULL},
	/* What makes lax servers end a message: text, all of it. */
	{"a\n.\nb", "a\n.\nb", NULL},
	{"a\n.\rb", "a\n.\rb", NULL},
	{"a\r.\nb", "a\r.\nb", NULL},
	{"a\r.\rb", "a\r.\rb", NULL},
	{"a\n.\r\nb", "a\n.\r\nb", NULL},
	{"a\r\n.\nb", "a\r\n\nb", NULL},
	{"a\r.\r\nb", "a\r.\r\nb", NULL},
	{"a\r\n.\rb", "a\r\n\rb", NULL},
};

static void expect(const struct cutting *cut, const void *arg)
{
	const struct row *row = arg;
	size_t n = strlen(row->in), at = 0, used = 0;
	struct dot_in d;
	struct buf out;
	struct sink sink = {.push = collect, .to = &out};

	buf_init(&out, MESSAGE_MAX);
	dot_in_init(&d);
	while (at < n && !dot_in_done(&d)) {
		size_t piece = cutting_piece(cut, at, n);

		used = dot_in_push(&d, (const uint8_t *)row->in + at, piece,
				   &sink);
		assert_true(used == piece || dot_in_done(&d));
		at += used;
	}
	assert_string_equal(out.data, row->out);
	assert_int_equal(dot_in_done(&d), row->rest != NULL);
	assert_string_equal(row->in + at, row->rest ? row->rest : "");
	buf_release(&out);
}

static void every_row_cut_in_every_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		cutting_each(strlen(rows[i].in), expect, &rows[i]);
}

static void a_nul_ends_nothing(void **state)
{
	static const char in[] = "a\r\n\0.\r\n\r\n.\0\r\n.\r\nx";
	static const char out[] = "a\r\n\0.\r\n\r\n\0\r\n";
	struct dot_in d;
	struct buf b;
	struct sink sink = {.push = collect, .to = &b};

	(void)state;
	buf_init(&b, MESSAGE_MAX);
	dot_in_init(&d);
	assert_int_equal(
		dot_in_push(&d, (const uint8_t *)in, sizeof(in) - 1, &sink),
		sizeof(in) - 2);
	assert_int_equal(b.len, sizeof(out) - 1);
	assert_memory_equal(b.data, out, b.len);
	buf_release(&b);
}

static int refuse(void *to, const uint8_t *bytes, size_t n)
{
	(void)bytes, (void)n;
	++*(unsigned *)to;
	return -1;
}

static void behind_a_failing_sink_input_is_read_to_its_end(void **state)
{
	static const char in[] = "a\r\n..b\r\nc\r\n.\r\nNOOP\r\n";
	struct dot_in d;
	unsigned calls = 0;
	struct sink sink = {.push = refuse, .to = &calls};
	size_t used;

	(void)state;
	dot_in_init(&d);
	used = dot_in_push(&d, (const uint8_t *)in, strlen(in), &sink);
	assert_true(d.sink_failed);
	assert_true(dot_in_done(&d));
	assert_string_equal(in + used, "NOOP\r\n");
	assert_int_equal(calls, 1);
}

static const struct row out_rows[] = {
	{"", ".\r\n", NULL},
	{"a\r\n", "a\r\n.\r\n", NULL},
	{"a", "a\r\n.\r\n", NULL},
	{".\r\n", "..\r\n.\r\n", NULL},
	{"..a\r\n.b\r\n", "...a\r\n..b\r\n.\r\n", NULL},
	{"a.\r\n", "a.\r\n.\r\n", NULL},
	{"a\n.b\r\n", "a\n.b\r\n.\r\n", NULL},
	{"a\r.b\r\n", "a\r.b\r\n.\r\n", NULL},
	{"\r\n\r\n.\r\n", "\r\n\r\n..\r\n.\r\n", NULL},
};

static void stuff(const struct cutting *cut, const char *in, size_t n,
		  struct buf *out)
{
	struct sink sink = {.push = collect, .to = out};
	struct dot_out d;
	size_t at = 0;

	dot_out_init(&d);
	while (at < n) {
		size_t piece = cutting_piece(cut, at, n);

		assert_int_equal(dot_out_push(&d, (const uint8_t *)in + at,
					      piece, &sink),
				 0);
		at += piece;
	}
	assert_int_equal(dot_out_end(&d, &sink), 0);
}

static void expect_out(const struct cutting *cut, const void *arg)
{
	const struct row *row = arg;
	struct buf out;

	buf_init(&out, MESSAGE_MAX);
	stuff(cut, row->in, strlen(row->in), &out);
	assert_string_equal(out.data, row->out);
	buf_release(&out);
}

static void every_message_is_stuffed_however_it_is_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(out_rows); i++)
		cutting_each(strlen(out_rows[i].in), expect_out, &out_rows[i]);
}

/* What goes out dot-stuffed comes in as it was. */
static void round_trip(const struct cutting *cut, const char *message)
{
	struct buf wire, back;
	struct sink sink = {.push = collect, .to = &back};
	struct dot_in d;

	buf_init(&wire, MESSAGE_MAX);
	buf_init(&back, MESSAGE_MAX);
	stuff(cut, message, strlen(message), &wire);
	dot_in_init(&d);
	assert_int_equal(
		dot_in_push(&d, (const uint8_t *)wire.data, wire.len, &sink),
		wire.len);
	assert_true(dot_in_done(&d));
	assert_string_equal(back.data, message);
	buf_release(&wire);
	buf_release(&back);
}

static void every_short_message_comes_back(void **state)
{
	static const char *const words[] = {"\r\n", ".", "x", "\r", "\n"};
	enum { LONGEST = 5 };
	struct buf message;

	(void)state;
	buf_init(&message, MESSAGE_MAX);
	for (unsigned n = 0; n <= LONGEST; n++) {
		unsigned count = 1;

		for (unsigned i = 0; i < n; i++)
			count *= N_ELEMENTS(words);
		for (unsigned number = 0; number < count; number++) {
			unsigned rest = number;

			buf_reset(&message);
			for (unsigned i = 0; i < n; i++, rest /= 5)
				assert_true(
					buf_adds(&message, words[rest % 5]));
			if (n)
				assert_true(buf_adds(&message, "\r\n"));
			round_trip(&(struct cutting){.step = 1}, message.data);
			round_trip(&(struct cutting){.step = 100},
				   message.data);
		}
	}
	buf_release(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_cut_in_every_way),
		cmocka_unit_test(a_nul_ends_nothing),
		cmocka_unit_test(
			behind_a_failing_sink_input_is_read_to_its_end),
		cmocka_unit_test(every_message_is_stuffed_however_it_is_cut),
		cmocka_unit_test(every_short_message_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
