/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of what MAIL and RCPT may carry, and what it is taken for. */
#include "common/base.h"
#include "handlers/smtp_journal/params.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
	const char *text;
	enum path_args result;
	uint64_t size;
	bool utf8;
	const char *note;
} mails[] = {
	{"", PATH_ARGS_OK, 0, false, ""},
	{" SIZE=0", PATH_ARGS_OK, 0, false, ""},
	{" SIZE=1234 BODY=8BITMIME", PATH_ARGS_OK, 1234, false, ""},
	{" body=7bit size=1", PATH_ARGS_OK, 1, false, ""},
	{" SIZE=18446744073709551615", PATH_ARGS_OK, UINT64_MAX, false, ""},
	{" SIZE=99999999999999999999", PATH_ARGS_OK, UINT64_MAX, false, ""},
	{" SMTPUTF8", PATH_ARGS_OK, 0, true, ""},
	{" RET=hdrs ENVID=a+2Bb", PATH_ARGS_OK, 0, false, "RET=HDRS ENVID=a+b"},
	{" ENVID=a+0Ab", PATH_ARGS_OK, 0, false, "ENVID=a+0Ab"},
	{" ENVID=a+b", PATH_ARGS_OK, 0, false, "ENVID=a+b"},
	{" SIZE", PATH_ARGS_BAD, 0, false, ""},
	{" SIZE=-1", PATH_ARGS_BAD, 0, false, ""},
	{" SIZE=1x", PATH_ARGS_BAD, 0, false, ""},
	{" SIZE=1 SIZE=1", PATH_ARGS_BAD, 1, false, ""},
	{" BODY=BINARYMIME", PATH_ARGS_BAD, 0, false, ""},
	{" BODY", PATH_ARGS_BAD, 0, false, ""},
	{" SMTPUTF8=1", PATH_ARGS_BAD, 0, true, ""},
	{" RET=ALL", PATH_ARGS_BAD, 0, false, ""},
	{" RET", PATH_ARGS_BAD, 0, false, ""},
	{" ENVID", PATH_ARGS_BAD, 0, false, ""},
	{" ?", PATH_ARGS_BAD, 0, false, ""},
	{" AUTH=<>", PATH_ARGS_UNKNOWN, 0, false, ""},
	{" SIZES=1", PATH_ARGS_UNKNOWN, 0, false, ""},
	{" NOTIFY=NEVER", PATH_ARGS_UNKNOWN, 0, false, ""},
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
	enum path_args result;
	const char *note;
} rcpts[] = {
	{"", PATH_ARGS_OK, ""},
	{" NOTIFY=NEVER", PATH_ARGS_OK, "NOTIFY=NEVER"},
	{" NOTIFY=SUCCESS", PATH_ARGS_OK, "NOTIFY=SUCCESS"},
	{" notify=delay,Failure,SUCCESS", PATH_ARGS_OK,
	 "notify=delay,Failure,SUCCESS"},
	{" ORCPT=rfc822;a+2Bb@x", PATH_ARGS_OK, "ORCPT=rfc822;a+b@x"},
	{" ORCPT=rfc822;a+C3+BC@x", PATH_ARGS_OK, "ORCPT=rfc822;a+C3+BC@x"},
	{" ORCPT=rfc822;prvs=1=a@x NOTIFY=NEVER", PATH_ARGS_OK,
	 "ORCPT=rfc822;prvs=1=a@x NOTIFY=NEVER"},
	{" NOTIFY", PATH_ARGS_BAD, ""},
	{" NOTIFY=NEVER,DELAY", PATH_ARGS_BAD, ""},
	{" NOTIFY=DELAY,NEVER", PATH_ARGS_BAD, ""},
	{" NOTIFY=DELAY,DELAY", PATH_ARGS_BAD, ""},
	{" NOTIFY=DELAY,", PATH_ARGS_BAD, ""},
	{" NOTIFY=,DELAY", PATH_ARGS_BAD, ""},
	{" NOTIFY=DELAYS", PATH_ARGS_BAD, ""},
	{" ORCPT", PATH_ARGS_BAD, ""},
	{" ORCPT=a ORCPT=b", PATH_ARGS_BAD, "ORCPT=a"},
	{" SIZE=1", PATH_ARGS_UNKNOWN, ""},
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
	assert_int_equal(smtp_rcpt_params_parse(text, &p), PATH_ARGS_OK);
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
