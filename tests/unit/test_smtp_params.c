/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of what MAIL and RCPT may carry, and what it is taken for. */
#include "common/base.h"
#include "handlers/smtp_journal/params.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
	const char *text;
	enum smtp_params result;
	uint64_t size;
	bool utf8;
	const char *note;
} mails[] = {
	{"", SMTP_PARAMS_OK, 0, false, ""},
	{" SIZE=0", SMTP_PARAMS_OK, 0, false, ""},
	{" SIZE=1234 BODY=8BITMIME", SMTP_PARAMS_OK, 1234, false, ""},
	{" body=7bit size=1", SMTP_PARAMS_OK, 1, false, ""},
	{" SIZE=18446744073709551615", SMTP_PARAMS_OK, UINT64_MAX, false, ""},
	{" SIZE=99999999999999999999", SMTP_PARAMS_OK, UINT64_MAX, false, ""},
	{" SMTPUTF8", SMTP_PARAMS_OK, 0, true, ""},
	{" RET=hdrs ENVID=a+2Bb", SMTP_PARAMS_OK, 0, false,
	 "RET=HDRS ENVID=a+b"},
	{" ENVID=a+0Ab", SMTP_PARAMS_OK, 0, false, "ENVID=a+0Ab"},
	{" ENVID=a+b", SMTP_PARAMS_OK, 0, false, "ENVID=a+b"},
	{" SIZE", SMTP_PARAMS_BAD, 0, false, ""},
	{" SIZE=-1", SMTP_PARAMS_BAD, 0, false, ""},
	{" SIZE=1x", SMTP_PARAMS_BAD, 0, false, ""},
	{" SIZE=1 SIZE=1", SMTP_PARAMS_BAD, 1, false, ""},
	{" BODY=BINARYMIME", SMTP_PARAMS_BAD, 0, false, ""},
	{" BODY", SMTP_PARAMS_BAD, 0, false, ""},
	{" SMTPUTF8=1", SMTP_PARAMS_BAD, 0, true, ""},
	{" RET=ALL", SMTP_PARAMS_BAD, 0, false, ""},
	{" RET", SMTP_PARAMS_BAD, 0, false, ""},
	{" ENVID", SMTP_PARAMS_BAD, 0, false, ""},
	{" ?", SMTP_PARAMS_BAD, 0, false, ""},
	{" AUTH=<>", SMTP_PARAMS_UNKNOWN, 0, false, ""},
	{" SIZES=1", SMTP_PARAMS_UNKNOWN, 0, false, ""},
	{" NOTIFY=NEVER", SMTP_PARAMS_UNKNOWN, 0, false, ""},
};

static void mail_takes_what_is_announced(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(mails); i++) {
		struct smtp_mail_params p;

		if (smtp_mail_params_parse(mails[i].text, &p) !=
		    mails[i].result)
			fail_msg("%s", mails[i].text);
		assert_true(p.size == mails[i].size);
		assert_int_equal(p.utf8, mails[i].utf8);
		assert_string_equal(p.note, mails[i].note);
	}
}

static const struct {
	const char *text;
	enum smtp_params result;
	const char *note;
} rcpts[] = {
	{"", SMTP_PARAMS_OK, ""},
	{" NOTIFY=NEVER", SMTP_PARAMS_OK, "NOTIFY=NEVER"},
	{" NOTIFY=SUCCESS", SMTP_PARAMS_OK, "NOTIFY=SUCCESS"},
	{" notify=delay,Failure,SUCCESS", SMTP_PARAMS_OK,
	 "notify=delay,Failure,SUCCESS"},
	{" ORCPT=rfc822;a+2Bb@x", SMTP_PARAMS_OK, "ORCPT=rfc822;a+b@x"},
	{" ORCPT=rfc822;a+C3+BC@x", SMTP_PARAMS_OK, "ORCPT=rfc822;a+C3+BC@x"},
	{" ORCPT=rfc822;prvs=1=a@x NOTIFY=NEVER", SMTP_PARAMS_OK,
	 "ORCPT=rfc822;prvs=1=a@x NOTIFY=NEVER"},
	{" NOTIFY", SMTP_PARAMS_BAD, ""},
	{" NOTIFY=NEVER,DELAY", SMTP_PARAMS_BAD, ""},
	{" NOTIFY=DELAY,NEVER", SMTP_PARAMS_BAD, ""},
	{" NOTIFY=DELAY,DELAY", SMTP_PARAMS_BAD, ""},
	{" NOTIFY=DELAY,", SMTP_PARAMS_BAD, ""},
	{" NOTIFY=,DELAY", SMTP_PARAMS_BAD, ""},
	{" NOTIFY=DELAYS", SMTP_PARAMS_BAD, ""},
	{" ORCPT", SMTP_PARAMS_BAD, ""},
	{" ORCPT=a ORCPT=b", SMTP_PARAMS_BAD, "ORCPT=a"},
	{" SIZE=1", SMTP_PARAMS_UNKNOWN, ""},
};

static void rcpt_takes_what_is_announced(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rcpts); i++) {
		struct smtp_rcpt_params p;

		if (smtp_rcpt_params_parse(rcpts[i].text, &p) !=
		    rcpts[i].result)
			fail_msg("%s", rcpts[i].text);
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
	assert_int_equal(smtp_rcpt_params_parse(text, &p), SMTP_PARAMS_OK);
	assert_int_equal(strlen(p.note), sizeof(p.note) - 1);
	assert_memory_equal(p.note, "ORCPT=rfc822;aaa", 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_takes_what_is_announced),
		cmocka_unit_test(rcpt_takes_what_is_announced),
		cmocka_unit_test(a_long_value_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
