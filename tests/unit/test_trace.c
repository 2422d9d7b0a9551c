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

static void sender_and_recipients_are_lines(void **state)
{
	struct trace t = plain;
	struct buf out;

	(void)state;
	buf_init(&out, TRACE_LINES_MAX);
	assert_true(trace_sender(&t, "a@b", "mbx-1", "gw.example", &out));
	assert_true(trace_sender(&t, "", "mbx-1", "gw.example", &out));
	assert_true(trace_recipient(&t, "mbx-1@gw", "", &out));
	assert_true(trace_recipient(&t, "mbx-1+x@gw", "ORCPT=rfc822;x", &out));
	assert_true(trace_recipient(&t, "m\xc3\xbc\r\n@x", "", &out));
	t.utf8 = true;
	assert_true(trace_recipient(&t, "m\xc3\xbc@x", "", &out));
	assert_string_equal(out.data, "Return-Path: <a@b>\r\n"
				      "Delivered-To: mbx-1@gw.example\r\n"
				      "Return-Path: <>\r\n"
				      "Delivered-To: mbx-1@gw.example\r\n"
				      "X-Envelope-To: <mbx-1@gw>\r\n"
				      "X-Envelope-To: <mbx-1+x@gw>\r\n"
				      "\t(ORCPT=rfc822;x)\r\n"
				      "X-Envelope-To: <m????@x>\r\n"
				      "X-Envelope-To: <m\xc3\xbc@x>\r\n");
	buf_release(&out);
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
	assert_true(trace_recipient(&t, text, text, &out));
	assert_true(longest_line(out.data) <= 998);
	buf_reset(&out);
	assert_true(trace_sender(&t, text, "mbx-1", "gw.example", &out));
	assert_true(longest_line(out.data) <= 998);
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
