/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * First lines that are fields and that are not, judged at every length; and
 * Received fields counted however the header is cut.
 */
#include "common/base.h"
#include "handlers/mail/mail_head.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/cutting.h"

static const struct {
	const char *text;
	enum mail_first_line verdict;
	size_t decided_at; /* octets that are enough for it */
} lines[] = {
	{"", MAIL_FIRST_UNDECIDED, 0},
	{"Subject", MAIL_FIRST_UNDECIDED, 0},
	{"Subject ", MAIL_FIRST_UNDECIDED, 0},
	{"Subject:", MAIL_FIRST_FIELD, 8},
	{"Subject: x\r\n", MAIL_FIRST_FIELD, 8},
	{"Subject \t:", MAIL_FIRST_FIELD, 10},
	{"X!#$%&'*+-/=?^_`{|}~:", MAIL_FIRST_FIELD, 21},
	{"\r\n", MAIL_FIRST_EMPTY, 1},
	{"\r\nSubject: x", MAIL_FIRST_EMPTY, 1},
	{":", MAIL_FIRST_OTHER, 1},
	{" Subject: x", MAIL_FIRST_OTHER, 1},
	{"\tSubject: x", MAIL_FIRST_OTHER, 1},
	{"From alice Mon Jan", MAIL_FIRST_OTHER, 6},
	{"Hello\r\n", MAIL_FIRST_OTHER, 6},
	{"Hello world: x", MAIL_FIRST_OTHER, 7},
	{"S\xc3\xbc: x", MAIL_FIRST_OTHER, 2},
	{"\x01: x", MAIL_FIRST_OTHER, 1},
};

static void first_lines_are_judged_as_soon_as_they_can(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(lines); i++) {
		const uint8_t *text = (const uint8_t *)lines[i].text;
		size_t n = strlen(lines[i].text);

		if (mail_first_line(text, n) != lines[i].verdict)
			fail_msg("%s", lines[i].text);
		if (lines[i].verdict == MAIL_FIRST_UNDECIDED)
			continue;
		for (size_t k = 0; k < n; k++)
			assert_int_equal(mail_first_line(text, k),
					 k < lines[i].decided_at
						 ? MAIL_FIRST_UNDECIDED
						 : lines[i].verdict);
	}
}

static void a_name_without_end_is_none(void **state)
{
	uint8_t text[MAIL_FIRST_LINE_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[MAIL_FIRST_LINE_MAX] = ':';
	assert_int_equal(mail_first_line(text, MAIL_FIRST_LINE_MAX - 1),
			 MAIL_FIRST_UNDECIDED);
	assert_int_equal(mail_first_line(text, MAIL_FIRST_LINE_MAX),
			 MAIL_FIRST_OTHER);
	assert_int_equal(mail_first_line(text, sizeof(text)), MAIL_FIRST_OTHER);
	text[MAIL_FIRST_LINE_MAX - 1] = ':';
	assert_int_equal(mail_first_line(text, sizeof(text)), MAIL_FIRST_FIELD);
}

static const struct header {
	const char *text;
	unsigned hops;
} headers[] = {
	{"", 0},
	{"Received: a\r\n", 1},
	{"received:a\r\nRECEIVED: b\r\n", 2},
	{"Received: a\r\n\tReceived: b\r\nReceived: c\r\n", 2},
	{"Subject: x\r\nReceived: a\r\n\r\nReceived: b\r\n", 1},
	{"\r\nReceived: a\r\n", 0},
	{"X-Received: a\r\n", 0},
	{"Received\r\nReceived: a\r\n", 1},
	{"Receive\r\nd: a\r\n", 0},
	{"R\r\nReceived: a\r\n", 1},
	{"Received:Received:\r\n", 1},
	{"Receivedx: a\r\n", 0},
	{"Subject: x\r\n\r\n\r\nReceived: b\r\n", 0},
};

static void count(const struct cutting *cut, const void *arg)
{
	const struct header *h = arg;
	size_t n = strlen(h->text), at = 0;
	struct mail_hops hops;

	mail_hops_init(&hops);
	while (at < n) {
		size_t piece = cutting_piece(cut, at, n);

		mail_hops_push(&hops, (const uint8_t *)h->text + at, piece);
		at += piece;
	}
	if (hops.n != h->hops)
		fail_msg("%u hops: %s", hops.n, h->text);
}

static void received_fields_are_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(headers); i++)
		cutting_each(strlen(headers[i].text), count, &headers[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_lines_are_judged_as_soon_as_they_can),
		cmocka_unit_test(a_name_without_end_is_none),
		cmocka_unit_test(received_fields_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
