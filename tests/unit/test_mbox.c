/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mbox writer: "From " lines quoted however they are cut, line ends, the
 * line before and the empty line behind. Each message is pushed whole, octet
 * by octet, and at every split.
 */
#include "common/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/buf.h"
#include "handlers/tool/mbox.h"

#define FROM "From MAILER-DAEMON Sat Aug  1 12:00:00 2026\n"

static const struct {
	const char *message, *mbox; /* without the line before */
} cases[] = {
	{"", "\n"},
	{"a\r\n", "a\n\n"},
	{"a", "a\n\n"}, /* a last line without an end gets one */
	{"a\r\n\r\nb\r\n", "a\n\nb\n\n"},
	{"From x\r\n", ">From x\n\n"},
	{"a\r\nFrom x\r\n", "a\n>From x\n\n"},
	{">From x\r\n>>From y\r\n", ">>From x\n>>>From y\n\n"},
	{"From\r\n", "From\n\n"},
	{"From", "From\n\n"},
	{">>", ">>\n\n"},
	{">", ">\n\n"},
	{">Fro m\r\n", ">Fro m\n\n"},
	{"> From x\r\n", "> From x\n\n"},
	{"F>From x\r\n", "F>From x\n\n"},
	{"FFrom x\r\n", "FFrom x\n\n"},
	{"FroFrom x\r\n", "FroFrom x\n\n"},
	{"from x\r\n", "from x\n\n"},
	{"\r\nFrom x\r\n", "\n>From x\n\n"},
	{"From \r\n", ">From \n\n"},
	{"a\rb\r\n", "a\rb\n\n"}, /* what is no line end stays */
	{"a\r\r\n", "a\r\n\n"},
	{"a\r", "a\r\n\n"},
	{"a\nFrom b\n", "a\n>From b\n\n"},
};

static int push_to_buf(void *to, const uint8_t *bytes, size_t n)
{
	return buf_add(to, bytes, n) ? 0 : -1;
}

/* Pushes text in two pieces, or octet by octet where split is SIZE_MAX. */
static void push(struct mbox *m, const char *text, size_t split)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t n = strlen(text);

	if (split <= n) {
		assert_int_equal(mbox_push(m, bytes, split), 0);
		assert_int_equal(mbox_push(m, bytes + split, n - split), 0);
		return;
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(mbox_push(m, bytes + i, 1), 0);
}

static void check(const char *message, const char *expected, size_t split)
{
	struct buf out;
	const struct sink sink = {.push = push_to_buf, .to = &out};
	struct mbox m;

	buf_init(&out, 4096);
	assert_int_equal(mbox_begin(&m, &sink, 1785585600), 0);
	push(&m, message, split);
	assert_int_equal(mbox_end(&m), 0);
	assert_memory_equal(out.data, FROM, sizeof(FROM) - 1);
	assert_string_equal(out.data + sizeof(FROM) - 1, expected);
	buf_release(&out);
}

static void test_messages_however_they_are_cut(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		for (size_t at = 0; at <= strlen(cases[i].message); at++)
			check(cases[i].message, cases[i].mbox, at);
		check(cases[i].message, cases[i].mbox, SIZE_MAX);
	}
}

/* A sink that takes `room` octets and then no more. */
static int push_to_little(void *to, const uint8_t *bytes UNUSED, size_t n)
{
	size_t *room = to;

	if (n > *room)
		return -1;
	*room -= n;
	return 0;
}

static bool written(size_t room)
{
	const struct sink sink = {.push = push_to_little, .to = &room};
	static const char text[] = "a\r\n>From b\r\n\rc";
	struct mbox m;

	return mbox_begin(&m, &sink, 0) == 0 &&
	       mbox_push(&m, (const uint8_t *)text, sizeof(text) - 1) == 0 &&
	       mbox_end(&m) == 0;
}

static void test_a_failing_sink_is_told_wherever_it_fails(void **state UNUSED)
{
	size_t whole = sizeof(FROM) - 1 + strlen("a\n>>From b\n\rc\n\n");

	for (size_t room = 0; room < whole; room++)
		assert_false(written(room));
	assert_true(written(whole));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_however_they_are_cut),
		cmocka_unit_test(test_a_failing_sink_is_told_wherever_it_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
