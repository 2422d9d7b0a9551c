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

#define FIELD "X-Restante-Before-Header:\t"

/*
 * Public sources: a mail whose first line is that of an mbox,
 * github.com/emersion/go-message/issues/198.
 */
static const struct row {
	const char *in, *out; /* NULL: as it came */
} rows[] = {
	{"Subject: x\r\n\r\nbody\r\n", NULL},
	{"Subject:\r\n", NULL},
	{"X:", NULL},
	{"\r\nbody\r\n", NULL},
	{"\r\n", NULL},
	{"\r\n\r\n", NULL},
	{"", "\r\n"},
	{"no field\r\n", "\r\nno field\r\n"},
	{"no field", "\r\nno field"},
	{" folded: x\r\n", "\r\n folded: x\r\n"},
	{": x\r\n", "\r\n: x\r\n"},
	{"S\xc3\xbc: x\r\n", "\r\nS\xc3\xbc: x\r\n"},
	{"half", "\r\nhalf"},
	/* the lines of an mbox */
	{"From joe@example.org Mon Nov 30\r\nFrom: j\r\n\r\nhi\r\n",
	 FIELD "From%20joe@example.org%20Mon%20Nov%2030%0D%0A\r\n"
	       "From: j\r\n\r\nhi\r\n"},
	{">From joe Mon\r\nX-Any: j\r\n",
	 FIELD ">From%20joe%20Mon%0D%0A\r\nX-Any: j\r\n"},
	{"From joe Mon\r\n\r\nSubject: j\r\n",
	 FIELD "From%20joe%20Mon%0D%0A%0D%0A\r\nSubject: j\r\n"},
	{"From joe Mon Jan 1\r\n", "\r\nFrom joe Mon Jan 1\r\n"},
	{"From here on\r\nthere is text\r\n",
	 "\r\nFrom here on\r\nthere is text\r\n"},
	{"From a\r\nFrom b\r\nSubject: x\r\n",
	 "\r\nFrom a\r\nFrom b\r\nSubject: x\r\n"},
	/* a byte order mark */
	{"\xef\xbb\xbfSubject: x\r\n", FIELD "%EF%BB%BF\r\nSubject: x\r\n"},
	{"\xef\xbb\xbf"
	 "From joe\r\nX: y\r\n",
	 FIELD "%EF%BB%BFFrom%20joe%0D%0A\r\nX: y\r\n"},
	{"\xef\xbb\xbftext\r\n", "\r\n\xef\xbb\xbftext\r\n"},
	{"\xef\xbb\xbf", "\r\n\xef\xbb\xbf"},
	{"\xef\xbb", "\r\n\xef\xbb"},
	{"\xef\xbb: x\r\n", "\r\n\xef\xbb: x\r\n"},
	/* empty lines */
	{"\r\nSubject: x\r\n", FIELD "%0D%0A\r\nSubject: x\r\n"},
	{"\r\n\r\nFrom: x\r\n\r\nbody\r\n",
	 FIELD "%0D%0A%0D%0A\r\nFrom: x\r\n\r\nbody\r\n"},
	{"\xef\xbb\xbf\r\nDate: x\r\n", FIELD "%EF%BB%BF%0D%0A\r\nDate: x\r\n"},
	{"\r\nNote: x\r\n", NULL},
	{"\r\nSubject", NULL},
	/* a line of another kind before what is known to be a header */
	{"MIME mail follows\r\nSubject: x\r\n",
	 FIELD "MIME%20mail%20follows%0D%0A\r\nSubject: x\r\n"},
	{" folded\r\nReceived: x\r\n",
	 FIELD "%20folded%0D%0A\r\nReceived: x\r\n"},
	{"text\r\nNote: x\r\n", "\r\ntext\r\nNote: x\r\n"},
	{"text\r\n\r\nFrom: x\r\n", "\r\ntext\r\n\r\nFrom: x\r\n"},
};

static void expect(const struct cutting *cut, const void *arg)
{
	const struct row *row = arg;
	const char *wanted = row->out ? row->out : row->in;
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
	if (strcmp(out.text.data, wanted) != 0)
		fail_msg("%s becomes %s", row->in, out.text.data);
	assert_int_equal(f.moved, strncmp(wanted, FIELD, strlen(FIELD)) == 0);
	first_line_release(&f);
	buf_release(&out.text);
}

static void every_first_line_however_cut(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		cutting_each(strlen(rows[i].in), expect, &rows[i]);
}

/* No more is held back than two lines may be long. */
static void a_line_without_an_end_is_let_go(void **state UNUSED)
{
	struct collecting out = {.fails_at = 0};
	const struct sink sink = collecting_sink(&out);
	uint8_t bytes[3 * MAIL_START_MAX];
	struct first_line f;

	memset(bytes, 'x', sizeof(bytes));
	buf_init(&out.text, TEXT_MAX);
	first_line_init(&f);
	assert_int_equal(first_line_push(&f, bytes, MAIL_START_MAX - 1, &sink),
			 0);
	assert_int_equal(out.text.len, 0);
	assert_int_equal(first_line_push(&f, bytes, sizeof(bytes), &sink), 0);
	assert_int_equal(out.text.len, 2 + MAIL_START_MAX - 1 + sizeof(bytes));
	first_line_release(&f);
	buf_release(&out.text);
}

static void a_long_first_line_becomes_a_field(void **state UNUSED)
{
	struct collecting out = {.fails_at = 0};
	const struct sink sink = collecting_sink(&out);
	static uint8_t bytes[MAIL_FIRST_LINE_MAX + 64] = "From ";
	struct first_line f;
	size_t n = MAIL_FIRST_LINE_MAX;

	memset(bytes + 5, '\xff', n - 5);
	memcpy(bytes + n, "\r\nSubject: x\r\n", 14);
	buf_init(&out.text, TEXT_MAX);
	first_line_init(&f);
	assert_int_equal(first_line_push(&f, bytes, n + 14, &sink), 0);
	assert_non_null(strstr(out.text.data, "%0D%0A\r\nSubject: x\r\n"));
	for (const char *line = out.text.data; *line;) {
		size_t length = strcspn(line, "\r");

		assert_true(length <= 98);
		line += length + 2;
	}
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
		cmocka_unit_test(a_long_first_line_becomes_a_field),
		cmocka_unit_test(what_the_sink_refuses_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
