/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths, parameters, mailbox ids, user names of proxied logins. */
#include "common/base.h"

#include "common/buf.h"
#include "handlers/mail/trace.h"
#include "handlers/proxy/login.h"
#include "handlers/smtp/address.h"
#include "handlers/smtp_journal/params.h"
#include "tests/fuzz/fuzz.h"

/* What one command line can hold goes into replies and trace headers. */
static void require_printable(const char *text)
{
	for (; *text; text++)
		fuzz_require((unsigned char)*text >= ' ' && *text != 0x7f);
}

/* Lines of a header, whatever came: none is empty, none is new. */
static void require_lines(const char *text)
{
	static const char *const names[] = {
		"X-Envelope-To: <",	"X-Restante-Recipient:\t",
		"Return-Path: <",	"X-Restante-Sender:\t",
		"Delivered-To: mbx-1@", "\t",
	};

	while (*text) {
		const char *end = strstr(text, "\r\n");
		size_t n = 0;

		while (n < N_ELEMENTS(names) &&
		       strncmp(text, names[n], strlen(names[n])) != 0)
			n++;
		fuzz_require(end && end - text <= 998);
		fuzz_require(n < N_ELEMENTS(names));
		text = end + 2;
	}
}

static void try_params(const char *rest)
{
	struct smtp_mail_params mail;
	struct smtp_rcpt_params rcpt;
	struct addr_param param;
	const char *again = rest;
	char text[64];

	smtp_mail_params_parse(rest, &mail);
	fuzz_require(strlen(mail.note) < sizeof(mail.note));
	smtp_rcpt_params_parse(rest, &rcpt);
	fuzz_require(strlen(rcpt.note) < sizeof(rcpt.note));
	while (addr_param_next_loose(&again, &param))
		fuzz_require(param.name + param.name_len <= again);
	while (addr_param_next(&rest, &param) == 1)
		if (param.value)
			(void)addr_xtext_decode(param.value, param.value_len,
						text, sizeof(text));
}

static void try_path(const char *text)
{
	struct addr_path path;
	const char *rest;

	if (!addr_path_parse(text, &path, &rest))
		return;
	fuzz_require(rest >= text && rest <= text + strlen(text));
	fuzz_require(path.local_len <= strlen(path.address));
	require_printable(path.address);
	try_params(rest);
}

/* Every octet of a line is the address's, the parameters', or between them. */
static void try_loose(const char *text)
{
	char id[MAILBOX_ID_LEN + 1], again[MAILBOX_ID_LEN + 1];
	const char *end = text + strlen(text), *rest;
	struct addr_loose a;
	struct buf lines;

	addr_loose_parse(text, &a, &rest);
	fuzz_require(a.text >= text && a.text + a.n <= rest && rest <= end);
	(void)addr_is_postmaster(text);
	if (addr_mailbox_id(text, id))
		fuzz_require(mailbox_id_parse(id, strlen(id), again) &&
			     strcmp(id, again) == 0);
	buf_init(&lines, TRACE_LINES_MAX);
	if (strlen(text) < 2048) {
		fuzz_require(trace_recipient(text, text, &lines));
		fuzz_require(trace_sender(text, "mbx-1", "x", &lines) ||
			     lines.len > TRACE_LINES_MAX / 2);
		require_lines(lines.data);
	}
	buf_release(&lines);
	try_params(rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = fuzz_text(bytes, n);
	struct proxy_login login;

	try_path(text);
	try_loose(text);
	try_params(text);
	if (proxy_login_parse(text, &login))
		fuzz_require(proxy_login_is_meant(text));
	free(text);
	return 0;
}
