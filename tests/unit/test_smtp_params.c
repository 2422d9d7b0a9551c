/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of what MAIL and RCPT may carry, and what it is taken for. */
#include "common/base.h"
#include "handlers/smtp_journal/params.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/*
 * Nothing is refused: unknown, empty, malformed, twice, not offered. Public
 * sources: AUTH=<> without AUTH, github.com/murphysean/smtp/issues/3.
 */
static const struct {
	const char *text;
	uint64_t size;
	bool utf8, require_tls;
	const char *note;
} mails[] = {
	{"", 0, false, false, ""},
	{" SIZE=0", 0, false, false, ""},
	{" SIZE=1234 BODY=8BITMIME", 1234, false, false, ""},
	{" body=7bit size=1", 1, false, false, ""},
	{" SIZE=18446744073709551615", UINT64_MAX, false, false, ""},
	{" SIZE=99999999999999999999", UINT64_MAX, false, false, ""},
	{" SMTPUTF8", 0, true, false, ""},
	{" SMTPUTF8=1", 0, true, false, ""},
	{" REQUIRETLS", 0, false, true, ""},
	{" RET=hdrs ENVID=a+2Bb", 0, false, false, "RET=hdrs ENVID=a+b"},
	{" ENVID=a+0Ab", 0, false, false, "ENVID=a+0Ab"},
	{" ENVID=a+b", 0, false, false, "ENVID=a+b"},
	{" RET=ALL", 0, false, false, "RET=ALL"},
	{" BODY=BINARYMIME", 0, false, false, "BODY=BINARYMIME"},
	{" SIZE", 0, false, false, ""},
	{" SIZE=", 0, false, false, ""},
	{" SIZE=-1", 0, false, false, ""},
	{" SIZE=1x SIZE=7", 7, false, false, ""},
	{" SIZE=1 SIZE=2", 2, false, false, ""},
	{" BODY", 0, false, false, ""},
	{" RET ENVID= BODY=", 0, false, false, ""},
	{" ? = -A=1 B_C=2", 0, false, false, ""},
	{" SIZE=38677 AUTH=<>", 38677, false, false, ""},
	{" AUTH= SIZE=5", 5, false, false, ""},
	{" AUTH=a+40b", 0, false, false, ""},
	{" SIZES=1 NOTIFY=NEVER", 0, false, false, ""},
	{" BY=120;R HOLDFOR=30 HOLDUNTIL=2026-12-01T00:00:00Z", 0, false, false,
	 ""},
	{" MT-PRIORITY=3 MTRK=x SOLICIT=a:b SUBMITTER=c+40d", 0, false, false,
	 ""},
	{" TRANSID=<1> CONPERM PRDR XOORG=x.example XSHADOW=1", 0, false, false,
	 ""},
	{" ALT-ADDRESS=a@b", 0, false, false, ""},
};

static void mail_takes_whatever_comes(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(mails); i++) {
		struct smtp_mail_params p;

		smtp_mail_params_parse(mails[i].text, &p);
		if (p.size != mails[i].size || p.utf8 != mails[i].utf8 ||
		    p.require_tls != mails[i].require_tls ||
		    strcmp(p.note, mails[i].note) != 0)
			fail_msg("%s: %ju %d %d %s", mails[i].text,
				 (uintmax_t)p.size, p.utf8, p.require_tls,
				 p.note);
	}
}

static const struct {
	const char *text;
	const char *note;
} rcpts[] = {
	{"", ""},
	{" NOTIFY=NEVER", "NOTIFY=NEVER"},
	{" notify=delay,Failure,SUCCESS", "notify=delay,Failure,SUCCESS"},
	{" NOTIFY=NEVER,DELAY", "NOTIFY=NEVER,DELAY"},
	{" NOTIFY=", ""},
	{" NOTIFY ORCPT", ""},
	{" ORCPT=rfc822;a+2Bb@x", "ORCPT=rfc822;a+b@x"},
	{" ORCPT=rfc822;a+C3+BC@x", "ORCPT=rfc822;a+C3+BC@x"},
	{" ORCPT=rfc822;prvs=1=a@x NOTIFY=NEVER",
	 "ORCPT=rfc822;prvs=1=a@x NOTIFY=NEVER"},
	{" ORCPT=a ORCPT=b", "ORCPT=a ORCPT=b"},
	{" SIZE=1 RRVS=2026-01-01T00:00:00Z;C BY=1 ?", ""},
};

static void rcpt_takes_whatever_comes(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rcpts); i++) {
		struct smtp_rcpt_params p;

		smtp_rcpt_params_parse(rcpts[i].text, &p);
		assert_string_equal(p.note, rcpts[i].note);
	}
}

static void a_long_value_is_cut(void **state)
{
	char text[2000] = " ORCPT=rfc822;";
	struct smtp_rcpt_params p;

	(void)state;
	memset(text + strlen(text), 'a', sizeof(text) - strlen(text) - 1);
	text[sizeof(text) - 1] = '\0';
	smtp_rcpt_params_parse(text, &p);
	assert_int_equal(strlen(p.note), sizeof(p.note) - 1);
	assert_memory_equal(p.note, "ORCPT=rfc822;aaa", 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_takes_whatever_comes),
		cmocka_unit_test(rcpt_takes_whatever_comes),
		cmocka_unit_test(a_long_value_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
