/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Journal reports: who is named how, whatever the message's header says; the
 * message inside untouched, however it comes; and no message writes a line of
 * the report.
 */
#include "common/base.h"
#include "handlers/mail/journal_report.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/collecting.h"
#include "tests/unit/cutting.h"

#define ULID "01JD0000000000000000000001"

enum { TEXT_MAX = 1024 * 1024 };

static const char *const recipients[] = {"ann@example.org", "bob@example.org",
					 "eve@example.org"};

static const struct report_envelope envelope = {
	.hostname = "gw.example",
	.ulid = ULID,
	.sender = "joe@mail.example",
	.recipients = recipients,
	.n_recipients = N_ELEMENTS(recipients),
	.when = 1700000000,
};

static const char head[] =
	"From: Restante <postmaster@gw.example>\r\n"
	"Subject: Journal report\r\n"
	"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
	"Message-ID: <" ULID "@gw.example>\r\n"
	"X-MS-Journal-Report:\r\n"
	"MIME-Version: 1.0\r\n"
	"Content-Type: multipart/mixed; boundary=\"" ULID "\"\r\n"
	"Content-Transfer-Encoding: 8bit\r\n"
	"\r\n"
	"--" ULID "\r\n"
	"Content-Type: text/plain; charset=utf-8\r\n"
	"Content-Transfer-Encoding: 8bit\r\n"
	"\r\n"
	"Sender: joe@mail.example\r\n";
static const char part[] = "\r\n--" ULID "\r\n"
			   "Content-Type: message/rfc822\r\n"
			   "Content-Transfer-Encoding: 8bit\r\n"
			   "\r\n";
static const char end[] = "\r\n--" ULID "--\r\n";

#define BCC                                                                    \
	"Bcc: ann@example.org\r\nBcc: bob@example.org\r\n"                     \
	"Bcc: eve@example.org\r\n"

static const struct row {
	const char *message;
	const char *lines; /* of the text part, behind Sender */
} rows[] = {
	{"Subject: hello\r\nMessage-ID: <1@x>\r\nTo: ann@example.org\r\n"
	 "Cc: Bob <BOB@example.org>\r\n\r\nbody\r\n",
	 "Subject: hello\r\nMessage-Id: <1@x>\r\nTo: ann@example.org\r\n"
	 "Cc: bob@example.org\r\nBcc: eve@example.org\r\n"},
	/* In both it is in the first of them. */
	{"To: x, bob@example.org\r\nCc: bob@example.org\r\n\r\n",
	 "Subject: \r\nMessage-Id: \r\nBcc: ann@example.org\r\n"
	 "To: bob@example.org\r\nBcc: eve@example.org\r\n"},
	/* An address that only ends or begins so is another one. */
	{"To: joann@example.org, bob@example.org.invalid\r\n\r\n",
	 "Subject: \r\nMessage-Id: \r\n" BCC},
	/* Folded, twice, with spaces before the colon. */
	{"To: x,\r\n\tann@example.org\r\nTO : eve@example.org\r\n\r\n",
	 "Subject: \r\nMessage-Id: \r\nTo: ann@example.org\r\n"
	 "Bcc: bob@example.org\r\nTo: eve@example.org\r\n"},
	/* A field of the body, and one whose name only begins so. */
	{"Tool: ann@example.org\r\n\r\nTo: ann@example.org\r\n",
	 "Subject: \r\nMessage-Id: \r\n" BCC},
	/* A subject cannot end its line, nor begin another. */
	{"Subject: a\r\n Bcc: forged@example.org\r\n\x01\r\n\r\n",
	 "Subject: a Bcc: forged@example.org\r\nMessage-Id: \r\n" BCC},
	/* No header at all, and nothing at all. */
	{"\r\nbody\r\n", "Subject: \r\nMessage-Id: \r\n" BCC},
	{"", "Subject: \r\nMessage-Id: \r\n" BCC},
	{"Subject: x\r\n", "Subject: x\r\nMessage-Id: \r\n" BCC},
};

static void expect(const struct cutting *cut, const void *arg)
{
	const struct row *row = arg;
	const uint8_t *bytes = (const uint8_t *)row->message;
	struct collecting out = {.fails_at = 0};
	const struct sink sink = collecting_sink(&out);
	size_t n = strlen(row->message);
	struct journal_report r;
	char wanted[4096];

	buf_init(&out.text, TEXT_MAX);
	journal_report_init(&r, &envelope);
	for (size_t at = 0; at < n;) {
		size_t piece = cutting_piece(cut, at, n);

		assert_int_equal(
			journal_report_push(&r, bytes + at, piece, &sink), 0);
		at += piece;
	}
	assert_int_equal(journal_report_end(&r, &sink), 0);
	snprintf(wanted, sizeof(wanted), "%s%s%s%s%s", head, row->lines, part,
		 row->message, end);
	assert_string_equal(out.text.data, wanted);
	journal_report_release(&r);
	buf_release(&out.text);
}

static void every_message_however_cut(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		cutting_each(strlen(rows[i].message), expect, &rows[i]);
}

/* Where its end was not seen, nobody is called a Bcc. */
static void a_header_without_an_end_is_not_held(void **state UNUSED)
{
	struct collecting out = {.fails_at = 0};
	const struct sink sink = collecting_sink(&out);
	static const char line[] = "X: filler\r\n";
	struct journal_report r;
	size_t said = 0;

	buf_init(&out.text, TEXT_MAX);
	journal_report_init(&r, &envelope);
	while (said < 2 * REPORT_HEADER_MAX) {
		assert_int_equal(journal_report_push(&r, (const uint8_t *)line,
						     strlen(line), &sink),
				 0);
		said += strlen(line);
		assert_true(r.header.len <= REPORT_HEADER_MAX);
	}
	assert_non_null(
		strstr(out.text.data, "\r\nRecipient: ann@example.org\r\n"));
	assert_null(strstr(out.text.data, "\r\nBcc:"));
	journal_report_release(&r);
	buf_release(&out.text);
}

static void what_the_sink_refuses_is_told(void **state UNUSED)
{
	struct collecting out = {.fails_at = 1};
	const struct sink sink = collecting_sink(&out);
	struct journal_report r;

	buf_init(&out.text, TEXT_MAX);
	journal_report_init(&r, &envelope);
	assert_int_equal(
		journal_report_push(&r, (const uint8_t *)"\r\n", 2, &sink), -1);
	journal_report_release(&r);
	journal_report_init(&r, &envelope);
	assert_int_equal(journal_report_end(&r, &sink), -1);
	journal_report_release(&r);
	buf_release(&out.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_however_cut),
		cmocka_unit_test(a_header_without_an_end_is_not_held),
		cmocka_unit_test(what_the_sink_refuses_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
