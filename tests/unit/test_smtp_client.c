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
	 SASL_PLAIN | SASL_LOGIN,
	 {.size = false}},
	{"250-x\r\n250-AUTH=login\r\n250 AUTH xoauth2 OAUTHBEARER CRAM-MD5\r\n",
	 SASL_LOGIN | SASL_XOAUTH2 | SASL_OAUTHBEARER,
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

#define OAUTH                                                                  \
	"bixhPWpvZSwBaG9zdD1tYWlsLmV4YW1wbGUBcG9ydD05OTUBYXV0aD1CZWFyZXIgc2Vj" \
	"cmV0AQE=\r\n"
#define AT_ONCE	   "AUTH PLAIN " PLAIN
#define BY_LOGIN   "AUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\n"
#define BY_XOAUTH2 "AUTH XOAUTH2\r\n" TOKEN
#define BY_BEARER  "AUTH OAUTHBEARER\r\n" OAUTH

enum { BOTH = SASL_PLAIN | SASL_LOGIN };

static const struct login {
	unsigned mechanisms; /* that the server lists */
	unsigned own;	     /* the client's */
	const char *says, *hears;
	enum err_kind kind; /* ERR_NONE: logged in */
	const char *told;   /* how the error's text ends */
} logins[] = {
	{BOTH, SASL_PLAIN, "235 ok\r\n", AT_ONCE, ERR_NONE, ""},
	{SASL_PLAIN, SASL_PLAIN, "334 \r\n235 ok\r\n", AT_ONCE PLAIN, ERR_NONE,
	 ""},
	{SASL_PLAIN, SASL_PLAIN, "535 no\r\n", AT_ONCE, ERR_PASSWORD,
	 "refused the login: 535 no"},
	{SASL_PLAIN, SASL_PLAIN, "454 later\r\n", AT_ONCE, ERR_TEMP,
	 ": 454 later"},
	{SASL_PLAIN, SASL_PLAIN, "", AT_ONCE, ERR_TEMP, "connection"},
	{SASL_PLAIN, SASL_PLAIN, "334 \r\n334 x\r\n", AT_ONCE PLAIN, ERR_TEMP,
	 "out of turn: 334 x"},
	{SASL_LOGIN, SASL_LOGIN, "334 x\r\n334 y\r\n235 ok\r\n", BY_LOGIN,
	 ERR_NONE, ""},
	{SASL_LOGIN, SASL_LOGIN, "334 x\r\n235 ok\r\n",
	 "AUTH LOGIN\r\nam9l\r\n", ERR_TEMP, "out of turn: 235 ok"},
	{SASL_XOAUTH2, SASL_XOAUTH2, "334 \r\n235 ok\r\n", BY_XOAUTH2, ERR_NONE,
	 ""},
	{SASL_XOAUTH2, SASL_XOAUTH2, "334 \r\n334 why\r\n535 no\r\n",
	 BY_XOAUTH2 "AQ==\r\n", ERR_PASSWORD, ": 535 no"},
	{0, SASL_PLAIN, "", "", ERR_STATE, "offers no login with a password"},
	{SASL_XOAUTH2, SASL_LOGIN, "", "", ERR_STATE, "with a password"},
	{SASL_PLAIN, SASL_XOAUTH2, "", "", ERR_STATE, "with a token"},

	/* The client's own way first, where the server lists it. */
	{BOTH, SASL_LOGIN, "334 x\r\n334 y\r\n235 ok\r\n", BY_LOGIN, ERR_NONE,
	 ""},
	{SASL_PLAIN, SASL_LOGIN, "235 ok\r\n", AT_ONCE, ERR_NONE, ""},
	{SASL_TOKENS, SASL_XOAUTH2, "334 \r\n235 ok\r\n", BY_XOAUTH2, ERR_NONE,
	 ""},
	{SASL_TOKENS, SASL_OAUTHBEARER, "334 \r\n235 ok\r\n", BY_BEARER,
	 ERR_NONE, ""},

	/* A refusal of the mechanism leads on to the next one. */
	{BOTH, SASL_PLAIN, "504 what?\r\n334 x\r\n334 y\r\n235 ok\r\n",
	 AT_ONCE BY_LOGIN, ERR_NONE, ""},
	{BOTH, SASL_LOGIN, "500 what?\r\n235 ok\r\n", "AUTH LOGIN\r\n" AT_ONCE,
	 ERR_NONE, ""},
	{BOTH, SASL_LOGIN, "502 what?\r\n504 what?\r\n",
	 "AUTH LOGIN\r\n" AT_ONCE, ERR_PASSWORD, ": 504 what?"},
	{BOTH, SASL_LOGIN, "504 what?\r\n535 no\r\n", "AUTH LOGIN\r\n" AT_ONCE,
	 ERR_PASSWORD, ": 535 no"},
	/* What was said is told, and not that the server left behind it. */
	{BOTH, SASL_PLAIN, "504 what?\r\n", AT_ONCE "AUTH LOGIN\r\n",
	 ERR_PASSWORD, ": 504 what?"},
	/* One of the password does not. */
	{BOTH, SASL_PLAIN, "535 no\r\n", AT_ONCE, ERR_PASSWORD, ": 535 no"},
	{BOTH, SASL_PLAIN, "534 no\r\n", AT_ONCE, ERR_PASSWORD, ": 534 no"},
	{BOTH, SASL_PLAIN, "454 no\r\n", AT_ONCE, ERR_TEMP, ": 454 no"},

	/* Tokens: from one form to the other, once (curl#10259). */
	{SASL_TOKENS, SASL_OAUTHBEARER, "334 \r\n535 no\r\n334 \r\n235 ok\r\n",
	 BY_BEARER BY_XOAUTH2, ERR_NONE, ""},
	{SASL_TOKENS, SASL_XOAUTH2, "334 \r\n535 a\r\n334 \r\n535 b\r\n",
	 BY_XOAUTH2 BY_BEARER, ERR_PASSWORD, ": 535 b"},
	{SASL_TOKENS, SASL_XOAUTH2, "334 \r\n535 a\r\n504 b\r\n",
	 BY_XOAUTH2 "AUTH OAUTHBEARER\r\n", ERR_PASSWORD, ": 535 a"},

	/* Every line, and the class, whatever the code. */
	{SASL_PLAIN, SASL_PLAIN, "535-5.7.8 one\r\n535-\r\n535 5.7.8 two\r\n",
	 AT_ONCE, ERR_PASSWORD, ": 535-5.7.8 one\n535-\n535 5.7.8 two"},
	{SASL_PLAIN, SASL_PLAIN, "421 bye\r\n", AT_ONCE, ERR_TEMP, ": 421 bye"},
	{SASL_PLAIN, SASL_PLAIN, "432 x\r\n", AT_ONCE, ERR_TEMP, ": 432 x"},
	{SASL_PLAIN, SASL_PLAIN, "550 x\r\n", AT_ONCE, ERR_REFUSED, ": 550 x"},
	{SASL_PLAIN, SASL_PLAIN, "554 x\r\n", AT_ONCE, ERR_REFUSED, ": 554 x"},
	{SASL_PLAIN, SASL_PLAIN, "250 x\r\n", AT_ONCE, ERR_TEMP,
	 "out of turn: 250 x"},
	{SASL_PLAIN, SASL_PLAIN, "+OK\r\n", AT_ONCE, ERR_TEMP,
	 "what is no reply: +OK"},
};

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), n_end = strlen(end);

	return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

static void expect_login(const struct login *login)
{
	struct secret secret = SECRET_EMPTY;
	const struct credential c = {
		.user = "joe", .secret = &secret, .mechanism = login->own};
	char heard[HEARD_MAX];
	struct rig rig;
	int result;

	secret_set(&secret, "secret", 6);
	rig_open(&rig, login->says, strlen(login->says),
		 &(struct cutting){.step = 1});
	rig.u->mechanisms = login->mechanisms;
	result = smtp_upstream_login(rig.u, &c, &rig.e);
	assert_int_equal(result, login->kind == ERR_NONE ? 0 : -1);
	if (result < 0 &&
	    (rig.e.kind != login->kind || !ends_with(rig.e.text, login->told)))
		fail_msg("%s: %d %s", login->says, rig.e.kind, rig.e.text);
	rig_close(&rig, heard, sizeof(heard));
	assert_string_equal(heard, login->hears);
	secret_release(&secret);
}

static void logins_go_word_for_word(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(logins); i++)
		expect_login(&logins[i]);
}

/* --- opening -------------------------------------------------------------- */

static const struct {
	const char *says;
	enum err_kind kind;
	const char *told;
} openings[] = {
	{"554-go\r\n554 away\r\n", ERR_REFUSED,
	 "answers the connection: 554-go\n554 away"},
	{"421 later\r\n", ERR_TEMP, "answers the connection: 421 later"},
	{"+OK POP3\r\n", ERR_TEMP, "sent what is no reply: +OK POP3"},
	{"220 x\r\n550 no\r\n", ERR_REFUSED, "answers EHLO: 550 no"},
	{"220 x\r\n451 no\r\n", ERR_TEMP, "answers EHLO: 451 no"},
};

static void a_server_that_opens_with_no_is_told(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(openings); i++) {
		struct smtp_features f;
		char heard[HEARD_MAX];
		struct rig rig;

		rig_open(&rig, openings[i].says, strlen(openings[i].says),
			 &(struct cutting){.step = 1});
		assert_int_equal(smtp_upstream_open(rig.u, &f, &rig.e), -1);
		assert_int_equal(rig.e.kind, openings[i].kind);
		if (!ends_with(rig.e.text, openings[i].told))
			fail_msg("%s", rig.e.text);
		rig_close(&rig, heard, sizeof(heard));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reply_however_cut),
		cmocka_unit_test(replies_follow_each_other),
		cmocka_unit_test(what_is_offered_is_understood),
		cmocka_unit_test(logins_go_word_for_word),
		cmocka_unit_test(a_server_that_opens_with_no_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
