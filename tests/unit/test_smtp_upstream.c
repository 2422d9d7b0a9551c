/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replies of a real SMTP server, cut in every way; what its EHLO offers; and a
 * login in each mechanism, word for word.
 */
#include "tests/unit/upstream_rig.h"

#include "handlers/smtp_proxy/client.h"

enum { HEARD_MAX = 4096 };

/* --- replies -------------------------------------------------------------- */

static const struct row {
	const char *says;
	unsigned code; /* 0: it is no reply */
} rows[] = {
	{"250 Ok\r\n", 250},
	{"250\r\n", 250},
	{"250 \r\n", 250},
	{"250-a\r\n250-\r\n250 b\r\n", 250},
	{"250-a\r\n250\r\n", 250},
	{"599 x\r\n", 599},
	{"354 go\r\n", 354},
	{"", 0},
	{"\r\n", 0},
	{"25\r\n", 0},
	{"250x\r\n", 0},
	{"250_x\r\n", 0},
	{"199 x\r\n", 0},
	{"600 x\r\n", 0},
	{" 250 x\r\n", 0},
	{"+OK\r\n", 0},
	{"250 Ok\n", 0},
	{"250 Ok\n\r\n", 0},
	{"250 O\rk\r\n", 0},
	{"250 Ok", 0},
	{"250-a\r\n", 0},
	{"250-a\r\n251 b\r\n", 0},
	{"250-a\r\nx\r\n250 b\r\n", 0},
};

static void expect(const struct cutting *cut, const void *arg)
{
	const struct row *row = arg;
	char heard[HEARD_MAX];
	struct smtp_reply r;
	struct rig rig;

	rig_open(&rig, row->says, strlen(row->says), cut);
	smtp_reply_init(&r);
	if (smtp_upstream_read(rig.u, &r, &rig.e) < 0) {
		if (row->code)
			fail_msg("%s: %s", row->says, rig.e.text);
		assert_int_equal(rig.e.kind, ERR_TEMP);
	} else {
		assert_int_equal(r.code, row->code);
		if (row->code)
			assert_non_null(strstr(r.text.data, "\r\n"));
		if (strstr(row->says, "a\r\n"))
			assert_string_equal(r.text.data, row->says);
	}
	buf_release(&r.text);
	rig_close(&rig, heard, sizeof(heard));
	assert_string_equal(heard, "");
}

static void every_reply_however_cut(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		cutting_each(strlen(rows[i].says), expect, &rows[i]);
}

/* The next reply is read from where the last one ended. */
static void replies_follow_each_other(void **state UNUSED)
{
	static const char says[] = "250-a\r\n250 b\r\n550 no\r\n";
	char heard[HEARD_MAX];
	struct smtp_reply r;
	struct rig rig;

	rig_open(&rig, says, strlen(says),
		 &(struct cutting){.step = strlen(says)});
	smtp_reply_init(&r);
	assert_int_equal(smtp_upstream_read(rig.u, &r, &rig.e), 0);
	assert_int_equal(r.code, 250);
	assert_int_equal(smtp_upstream_read(rig.u, &r, &rig.e), 0);
	assert_int_equal(r.code, 550);
	assert_string_equal(r.text.data, "550 no\r\n");
	assert_int_equal(smtp_upstream_read(rig.u, &r, &rig.e), -1);
	buf_release(&r.text);
	rig_close(&rig, heard, sizeof(heard));
}

/* --- EHLO ----------------------------------------------------------------- */

static const struct offer {
	const char *says;
	unsigned mechanisms;
	struct smtp_features f;
} offers[] = {
	{"250 mail.example\r\n", 0, {.size = false}},
	/* Not even where the greeting looks like one. */
	{"250-DSN\r\n250 SIZE\r\n", 0, {.size = true}},
	{"250-x\r\n250-size 1000\r\n250-dsn\r\n250 8bitmime\r\n",
	 0,
	 {.size = true, .max_size = 1000, .dsn = true, .eightbit = true}},
	{"250-x\r\n250-SIZE x\r\n250 SMTPUTF8\r\n",
	 0,
	 {.size = true, .smtputf8 = true}},
	{"250-x\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n"
	 "250 STARTTLS\r\n",
	 0,
	 {.pipelining = true, .enhanced = true, .starttls = true}},
	{"250-x\r\n250-DSNX\r\n250 XDSN\r\n", 0, {.size = false}},
	{"250-x\r\n250 AUTH PLAIN  LOGIN XPLAIN\r\n",
	 UPSTREAM_PLAIN | UPSTREAM_LOGIN,
	 {.size = false}},
	{"250-x\r\n250-AUTH=login\r\n250 AUTH xoauth2 OAUTHBEARER CRAM-MD5\r\n",
	 UPSTREAM_LOGIN | UPSTREAM_XOAUTH2 | UPSTREAM_OAUTHBEARER,
	 {.size = false}},
	{"250-x\r\n250-AUTH\r\n250 AUTH \r\n", 0, {.size = false}},
};

static void expect_offer(const struct cutting *cut, const void *arg)
{
	const struct offer *offer = arg;
	const struct smtp_features *w = &offer->f;
	struct smtp_features f;
	char heard[HEARD_MAX];
	struct rig rig;

	rig_open(&rig, offer->says, strlen(offer->says), cut);
	assert_int_equal(smtp_upstream_ehlo(rig.u, &f, &rig.e), 0);
	assert_int_equal(rig.u->mechanisms, offer->mechanisms);
	assert_true(f.size == w->size && f.max_size == w->max_size &&
		    f.dsn == w->dsn && f.eightbit == w->eightbit &&
		    f.smtputf8 == w->smtputf8 && f.enhanced == w->enhanced &&
		    f.pipelining == w->pipelining && f.starttls == w->starttls);
	rig_close(&rig, heard, sizeof(heard));
	assert_string_equal(heard, "EHLO gw.example\r\n");
}

static void what_is_offered_is_understood(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(offers); i++)
		cutting_each(strlen(offers[i].says), expect_offer, &offers[i]);
}

/* --- logging in ----------------------------------------------------------- */

#define PLAIN "AGpvZQBzZWNyZXQ=\r\n"
#define TOKEN "dXNlcj1qb2UBYXV0aD1CZWFyZXIgc2VjcmV0AQE=\r\n"

static const struct login {
	unsigned mechanisms;
	bool is_token;
	const char *says, *hears;
	enum err_kind kind; /* ERR_NONE: logged in */
} logins[] = {
	{UPSTREAM_PLAIN | UPSTREAM_LOGIN, false, "235 ok\r\n",
	 "AUTH PLAIN " PLAIN, ERR_NONE},
	{UPSTREAM_PLAIN, false, "334 \r\n235 ok\r\n", "AUTH PLAIN " PLAIN PLAIN,
	 ERR_NONE},
	{UPSTREAM_PLAIN, false, "535 no\r\n", "AUTH PLAIN " PLAIN,
	 ERR_PASSWORD},
	{UPSTREAM_PLAIN, false, "454 later\r\n", "AUTH PLAIN " PLAIN, ERR_TEMP},
	{UPSTREAM_PLAIN, false, "", "AUTH PLAIN " PLAIN, ERR_TEMP},
	{UPSTREAM_PLAIN, false, "334 \r\n334 x\r\n", "AUTH PLAIN " PLAIN PLAIN,
	 ERR_TEMP},
	{UPSTREAM_LOGIN, false, "334 x\r\n334 y\r\n235 ok\r\n",
	 "AUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\n", ERR_NONE},
	{UPSTREAM_LOGIN, false, "334 x\r\n235 ok\r\n", "AUTH LOGIN\r\nam9l\r\n",
	 ERR_TEMP},
	{UPSTREAM_XOAUTH2, true, "334 \r\n235 ok\r\n", "AUTH XOAUTH2\r\n" TOKEN,
	 ERR_NONE},
	{UPSTREAM_XOAUTH2, true, "334 \r\n334 why\r\n535 no\r\n",
	 "AUTH XOAUTH2\r\n" TOKEN "AQ==\r\n", ERR_PASSWORD},
	{0, false, "", "", ERR_STATE},
	{UPSTREAM_XOAUTH2, false, "", "", ERR_STATE},
	{UPSTREAM_PLAIN, true, "", "", ERR_STATE},
};

static void expect_login(const struct login *login)
{
	struct secret secret = SECRET_EMPTY;
	const struct credential c = {
		.user = "joe", .secret = &secret, .is_token = login->is_token};
	char heard[HEARD_MAX];
	struct rig rig;
	int result;

	secret_set(&secret, "secret", 6);
	rig_open(&rig, login->says, strlen(login->says),
		 &(struct cutting){.step = 1});
	rig.u->mechanisms = login->mechanisms;
	result = smtp_upstream_login(rig.u, &c, &rig.e);
	assert_int_equal(result, login->kind == ERR_NONE ? 0 : -1);
	if (result < 0)
		assert_int_equal(rig.e.kind, login->kind);
	rig_close(&rig, heard, sizeof(heard));
	assert_string_equal(heard, login->hears);
	secret_release(&secret);
}

static void logins_go_word_for_word(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(logins); i++)
		expect_login(&logins[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reply_however_cut),
		cmocka_unit_test(replies_follow_each_other),
		cmocka_unit_test(what_is_offered_is_understood),
		cmocka_unit_test(logins_go_word_for_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
