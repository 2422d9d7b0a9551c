/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths, parameters, mailbox ids, user names of proxied logins. */
#include "common/base.h"

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

static void try_params(const char *rest)
{
	struct smtp_mail_params mail;
	struct smtp_rcpt_params rcpt;
	struct addr_param param;
	char text[64];

	if (smtp_mail_params_parse(rest, &mail) == PATH_ARGS_OK)
		require_printable(mail.note);
	if (smtp_rcpt_params_parse(rest, &rcpt) == PATH_ARGS_OK)
		require_printable(rcpt.note);
	while (addr_param_next(&rest, &param) == 1)
		if (param.value)
			(void)addr_xtext_decode(param.value, param.value_len,
						text, sizeof(text));
}

static void try_path(const char *text)
{
	struct addr_path path;
	char id[MAILBOX_ID_LEN + 1], again[MAILBOX_ID_LEN + 1];
	const char *rest;

	if (!addr_path_parse(text, &path, &rest))
		return;
	fuzz_require(rest >= text && rest <= text + strlen(text));
	fuzz_require(path.local_len <= strlen(path.address));
	require_printable(path.address);
	(void)addr_is_postmaster(&path);
	if (addr_mailbox_id(&path, id))
		fuzz_require(mailbox_id_parse(id, strlen(id), again) &&
			     strcmp(id, again) == 0);
	try_params(rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = fuzz_text(bytes, n);
	struct proxy_login login;

	try_path(text);
	try_params(text);
	if (proxy_login_parse(text, &login))
		fuzz_require(proxy_login_is_meant(text));
	free(text);
	return 0;
}
