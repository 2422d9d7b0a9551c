/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trace headers: exact lines, and values from outside that can neither end a
 * line nor leave a comment nor make a line too long.
 */
#include "common/base.h"
#include "handlers/mail/trace.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/peer.h"

#define ULID "01ARZ3NDEKTSV4RRFFQ69G5FAV"

static const struct peer v4 = {.is_ip = true, .text = "192.0.2.7"};
static const struct peer v6 = {
	.is_ip = true, .is_ipv6 = true, .text = "2001:db8::1"};
static const struct peer local = {.text = "local"};

/* 2025-11-24 04:43:09 UTC, a Monday */
static const struct trace plain = {
	.hostname = "gw.example",
	.helo = "mx.example",
	.peer = &v4,
	.protocol = "ESMTP",
	.tls_version = "",
	.tls_cipher = "",
	.client_name = "",
	.note = "",
	.when = 1763959389,
};

static void expect_received(const struct trace *t, const char *text)
{
	struct buf out;

	buf_init(&out, TRACE_LINES_MAX);
	assert_true(trace_received(t, ULID, &out));
	assert_string_equal(out.data, text);
	buf_release(&out);
}

static void received_names_peer_and_tls(void **state)
{
	struct trace t = plain;

	(void)state;
	expect_received(&t,
			"Received: from mx.example ([192.0.2.7])\r\n"
			"\tby gw.example (Restante) with ESMTP\r\n"
			"\tid " ULID "; Mon, 24 Nov 2025 04:43:09 +0000\r\n");
	t.peer = &v6;
	t.protocol = "ESMTPS";
	t.tls_version = "TLS1.3";
	t.tls_cipher = "AES-256-GCM";
	t.client_name = "mx.example";
	t.note = "RET=HDRS ENVID=1";
	t.when = 951782400; /* a leap day */
	expect_received(&t,
			"Received: from mx.example ([IPv6:2001:db8::1])\r\n"
			"\tby gw.example (Restante) with ESMTPS\r\n"
			"\t(TLS1.3 AES-256-GCM, client mx.example)\r\n"
			"\t(RET=HDRS ENVID=1)\r\n"
			"\tid " ULID "; Tue, 29 Feb 2000 00:00:00 +0000\r\n");
	t = plain;
	t.peer = &local;
	t.helo = "";
	t.when = 0;
	expect_received(&t,
			"Received: from unknown (local)\r\n"
			"\tby gw.example (Restante) with ESMTP\r\n"
			"\tid " ULID "; Thu, 1 Jan 1970 00:00:00 +0000\r\n");
}

static void a_helo_cannot_leave_its_place(void **state)
{
	struct trace t = plain;

	(void)state;
	t.helo = "a b(c)<d>;\"e\"\\\r\n\tX: \xc3\xbc";
	expect_received(&t,
			"Received: from a?b?c??d???e?????X:??? ([192.0.2.7])"
			"\r\n\tby gw.example (Restante) with ESMTP\r\n"
			"\tid " ULID "; Mon, 24 Nov 2025 04:43:09 +0000\r\n");
}

static void a_comment_cannot_be_left(void **state)
{
	struct trace t = plain;

	(void)state;
	t.tls_version = "TLS1.2";
	t.client_name = "x) (y\\";
	t.note = "ENVID=)\r\nX: (";
	expect_received(&t,
			"Received: from mx.example ([192.0.2.7])\r\n"
			"\tby gw.example (Restante) with ESMTP\r\n"
			"\t(TLS1.2, client x\\) \\(y\\\\)\r\n"
			"\t(ENVID=\\)??X: \\()\r\n"
			"\tid " ULID "; Mon, 24 Nov 2025 04:43:09 +0000\r\n");
}

static const struct {
	const char *address, *path, *exact; /* "": no further field */
} addresses[] = {
	{"a@b", "<a@b>", ""},
	{"", "<>", ""},
	{"m\xc3\xbc@x", "<m\xc3\xbc@x>", ""},
	{"\"a b\"@c", "<\"a b\"@c>", ""},
	{"m\xfc@x", "<m?@x>", "m%FC@x"},
	{"a\r\nX: y@x", "<a??X: y@x>", "a%0D%0AX:%20y@x"},
	{"a>b<c@x", "<a?b?c@x>", "a>b<c@x"},
	{"\"a>\"@x", "<\"a?\"@x>", "\"a>\"@x"},
	{"a\t%@x", "<a?%@x>", "a%09%25@x"},
	{"a\xc2\x85@x", "<a?\x3f@x>", "a%C2%85@x"},
};

static void sender_and_recipients_are_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(addresses); i++) {
		const char *exact = addresses[i].exact;
		char text[400];
		struct buf out;

		buf_init(&out, TRACE_LINES_MAX);
		assert_true(trace_sender(addresses[i].address, "mbx-1",
					 "gw.example", &out));
		snprintf(text, sizeof(text),
			 "Return-Path: %s\r\n%s%s%s"
			 "Delivered-To: mbx-1@gw.example\r\n",
			 addresses[i].path,
			 exact[0] ? "X-Restante-Sender:\t" : "", exact,
			 exact[0] ? "\r\n" : "");
		assert_string_equal(out.data, text);
		buf_reset(&out);
		assert_true(trace_recipient(addresses[i].address,
					    "ORCPT=rfc822;x", &out));
		snprintf(text, sizeof(text),
			 "X-Envelope-To: %s\r\n\t(ORCPT=rfc822;x)\r\n%s%s%s",
			 addresses[i].path,
			 exact[0] ? "X-Restante-Recipient:\t" : "", exact,
			 exact[0] ? "\r\n" : "");
		assert_string_equal(out.data, text);
		buf_release(&out);
	}
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t n = strcspn(text, "\r\n");

		longest = n > longest ? n : longest;
		text += n + strspn(text + n, "\r\n");
	}
	return longest;
}

static void no_value_makes_a_line_too_long(void **state)
{
	char text[3000];
	struct trace t = plain;
	struct buf out;

	(void)state;
	memset(text, '(', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	t.helo = t.client_name = t.note = text;
	t.tls_version = "TLS1.3";
	buf_init(&out, TRACE_LINES_MAX);
	assert_true(trace_received(&t, ULID, &out));
	assert_true(longest_line(out.data) <= 998);
	buf_reset(&out);
	assert_true(trace_recipient(text, text, &out));
	assert_true(longest_line(out.data) <= 998);
	buf_reset(&out);
	assert_true(trace_sender(text, "mbx-1", "gw.example", &out));
	assert_true(longest_line(out.data) <= 998);
	buf_reset(&out);
	memset(text, '\xff', sizeof(text) - 1); /* more than a line holds */
	assert_true(trace_sender(text, "mbx-1", "gw.example", &out));
	assert_true(longest_line(out.data) <= 998);
	assert_non_null(strstr(out.data, "X-Restante-Sender:\t%FF%FF"));
	buf_release(&out);
}

static void the_protocol_follows_from_what_was_used(void **state)
{
	(void)state;
	assert_string_equal(trace_protocol(false, false, false), "SMTP");
	assert_string_equal(trace_protocol(false, true, false), "SMTP");
	assert_string_equal(trace_protocol(true, false, false), "ESMTP");
	assert_string_equal(trace_protocol(true, true, false), "ESMTPS");
	assert_string_equal(trace_protocol(true, false, true), "UTF8SMTP");
	assert_string_equal(trace_protocol(true, true, true), "UTF8SMTPS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(received_names_peer_and_tls),
		cmocka_unit_test(a_helo_cannot_leave_its_place),
		cmocka_unit_test(a_comment_cannot_be_left),
		cmocka_unit_test(sender_and_recipients_are_lines),
		cmocka_unit_test(no_value_makes_a_line_too_long),
		cmocka_unit_test(the_protocol_follows_from_what_was_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
