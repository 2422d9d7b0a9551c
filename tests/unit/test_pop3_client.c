/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Status lines of a real POP3 server, cut in every way; what its CAPA offers;
 * and a login, word for word, with what its refusals mean.
 */
#include "tests/unit/upstream_rig.h"

#include "handlers/pop3_proxy/client.h"

enum { HEARD_MAX = 4096 };

static const struct row {
	const char *says;
	int result;
	bool ok;
} rows[] = {
	{"+OK\r\n", 0, true},
	{"+OK \r\n", 0, true},
	{"+ok 2 messages\r\n", 0, true},
	{"-ERR\r\n", 0, false},
	{"-err no\r\n", 0, false},
	{"", -1, false},
	{"\r\n", -1, false},
	{"+\r\n", -1, false},
	{"+OKAY\r\n", -1, false},
	{"-ERROR\r\n", -1, false},
	{"250 Ok\r\n", -1, false},
	{"+OK\n", -1, false},
	{"+OK", -1, false},
	{"+O\rK\r\n", -1, false},
};

static void expect(const struct cutting *cut, const void *arg)
{
	const struct row *row = arg;
	char heard[HEARD_MAX];
	bool ok = false;
	struct rig rig;

	rig_open(&rig, row->says, strlen(row->says), cut);
	if (pop3_upstream_status(rig.u, &ok, &rig.e) != row->result)
		fail_msg("%s", row->says);
	assert_int_equal(ok, row->ok);
	if (row->result < 0)
		assert_int_equal(rig.e.kind, ERR_TEMP);
	rig_close(&rig, heard, sizeof(heard));
}

static void every_status_however_cut(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		cutting_each(strlen(rows[i].says), expect, &rows[i]);
}

static const struct offer {
	const char *says;
	unsigned mechanisms;
	struct pop3_features f;
} offers[] = {
	{"+OK\r\n.\r\n", 0, {.capa = true}},
	{"+OK\r\nTOP\r\nuidl\r\nUSER\r\n.\r\n",
	 SASL_USER_PASS,
	 {.capa = true, .top = true, .uidl = true}},
	{"+OK\r\nSTLS\r\nPIPELINING\r\nRESP-CODES\r\n.\r\n",
	 0,
	 {.capa = true, .stls = true, .pipelining = true, .resp_codes = true}},
	{"+OK\r\nSASL plain  LOGIN X\r\nSASLX PLAIN\r\n.\r\n",
	 SASL_PLAIN | SASL_LOGIN,
	 {.capa = true}},
	{"+OK\r\nSASL\r\nTOPX\r\n XTOP\r\n.\r\n", 0, {.capa = true}},
	/* RFC 1939 alone. */
	{"-ERR what?\r\n",
	 SASL_USER_PASS,
	 {.top = true, .uidl = true, .stls = true}},
};

static void expect_offer(const struct cutting *cut, const void *arg)
{
	const struct offer *offer = arg;
	const struct pop3_features *w = &offer->f;
	struct pop3_features f;
	char heard[HEARD_MAX];
	struct rig rig;

	rig_open(&rig, offer->says, strlen(offer->says), cut);
	assert_int_equal(pop3_upstream_capa(rig.u, &f, &rig.e), 0);
	assert_int_equal(rig.u->mechanisms, offer->mechanisms);
	assert_true(f.capa == w->capa && f.top == w->top && f.uidl == w->uidl &&
		    f.stls == w->stls && f.pipelining == w->pipelining &&
		    f.resp_codes == w->resp_codes);
	rig_close(&rig, heard, sizeof(heard));
	assert_string_equal(heard, "CAPA\r\n");
}

static void what_is_offered_is_understood(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(offers); i++)
		cutting_each(strlen(offers[i].says), expect_offer, &offers[i]);
}

#define PLAIN  "AUTH PLAIN\r\nAGpvZQBzZWNyZXQ=\r\n"
#define LOGIN  "AUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\n"
#define USER   "USER joe\r\n"
#define PASS   USER "PASS secret\r\n"
#define BEARER "AUTH XOAUTH2\r\ndXNlcj1qb2UBYXV0aD1CZWFyZXIgc2VjcmV0AQE=\r\n"

enum { BOTH = SASL_PLAIN | SASL_USER_PASS };

static const struct login {
	unsigned mechanisms; /* that the server lists */
	unsigned own;	     /* the client's */
	const char *user, *password;
	bool pipelining;
	const char *says, *hears;
	enum err_kind kind; /* ERR_NONE: logged in */
} logins[] = {
	{BOTH, SASL_PLAIN, "joe", "secret", false, "+ \r\n+OK\r\n", PLAIN,
	 ERR_NONE},
	{SASL_LOGIN, SASL_LOGIN, "joe", "secret", false,
	 "+ x\r\n+ y\r\n+OK\r\n", LOGIN, ERR_NONE},
	{SASL_USER_PASS, SASL_USER_PASS, "joe", "secret", false,
	 "+OK\r\n+OK\r\n", PASS, ERR_NONE},
	{SASL_USER_PASS, SASL_PLAIN, "joe", "a b ", false, "+OK\r\n+OK\r\n",
	 "USER joe\r\nPASS a b \r\n", ERR_NONE},
	{SASL_USER_PASS, SASL_PLAIN, "joe", "secret", false, "-ERR no\r\n",
	 USER, ERR_PASSWORD},
	{SASL_USER_PASS, SASL_PLAIN, "joe", "secret", false,
	 "+OK\r\n-ERR no\r\n", PASS, ERR_PASSWORD},

	/* What a code says, of all there are. */
	{SASL_PLAIN, SASL_PLAIN, "joe", "secret", false,
	 "+ \r\n-ERR [AUTH] no\r\n", PLAIN, ERR_PASSWORD},
	{SASL_PLAIN, SASL_PLAIN, "joe", "secret", false,
	 "+ \r\n-ERR [SYS/TEMP] x\r\n", PLAIN, ERR_TEMP},
	{SASL_PLAIN, SASL_PLAIN, "joe", "secret", false,
	 "+ \r\n-ERR [sys/perm] x\r\n", PLAIN, ERR_REFUSED},
	{SASL_PLAIN, SASL_PLAIN, "joe", "secret", false,
	 "+ \r\n-ERR [SYS] x\r\n", PLAIN, ERR_TEMP},
	{SASL_PLAIN, SASL_PLAIN, "joe", "secret", false,
	 "+ \r\n-ERR [IN-USE] x\r\n", PLAIN, ERR_TEMP},
	{SASL_USER_PASS, SASL_USER_PASS, "joe", "secret", false,
	 "+OK\r\n-ERR  [LOGIN-DELAY] x\r\n", PASS, ERR_TEMP},
	/* Codes stand in front, and whole, or are none. */
	{SASL_USER_PASS, SASL_PLAIN, "joe", "secret", false,
	 "+OK\r\n-ERR no [IN-USE]\r\n", PASS, ERR_PASSWORD},
	{SASL_USER_PASS, SASL_PLAIN, "joe", "secret", false,
	 "+OK\r\n-ERR [IN-USER] x\r\n", PASS, ERR_PASSWORD},
	{SASL_USER_PASS, SASL_PLAIN, "joe", "secret", false,
	 "+OK\r\n-ERR [SYS\r\n", PASS, ERR_PASSWORD},

	/* A challenge that is "+OK" is one (MailKit#391). */
	{SASL_PLAIN, SASL_PLAIN, "joe", "secret", false, "+OK\r\n+OK\r\n",
	 PLAIN, ERR_NONE},
	{SASL_LOGIN, SASL_LOGIN, "joe", "secret", false,
	 "+OK\r\n+OK\r\n-ERR [AUTH] no\r\n", LOGIN, ERR_PASSWORD},

	/* USER and PASS at once, where PLAIN is there too; PASS's counts. */
	{BOTH, SASL_USER_PASS, "joe", "secret", true, "+OK\r\n+OK\r\n", PASS,
	 ERR_NONE},
	{BOTH, SASL_USER_PASS, "joe", "secret", true,
	 "-ERR no\r\n-ERR [AUTH] no\r\n", PASS, ERR_PASSWORD},
	{BOTH, SASL_USER_PASS, "joe", "secret", true,
	 "+OK\r\n-ERR [IN-USE] x\r\n", PASS, ERR_TEMP},
	{BOTH, SASL_USER_PASS, "joe", "secret", true, "+OK\r\n", PASS,
	 ERR_TEMP},

	/* The client's own way first, where the server lists it. */
	{BOTH, SASL_USER_PASS, "joe", "secret", false, "+OK\r\n+OK\r\n", PASS,
	 ERR_NONE},
	{SASL_PLAIN, SASL_USER_PASS, "joe", "secret", false, "+ \r\n+OK\r\n",
	 PLAIN, ERR_NONE},
	{BOTH | SASL_LOGIN, SASL_LOGIN, "joe", "secret", false,
	 "+ x\r\n+ y\r\n+OK\r\n", LOGIN, ERR_NONE},
	/* But USER is not believed beside LOGIN alone: Dovecot names it. */
	{SASL_LOGIN | SASL_USER_PASS, SASL_USER_PASS, "joe", "secret", true,
	 "+ x\r\n+ y\r\n+OK\r\n", LOGIN, ERR_NONE},

	/* A refusal without a code leads on (MailKit#937), USER always. */
	{BOTH, SASL_PLAIN, "joe", "secret", false,
	 "-ERR unknown command\r\n+OK\r\n+OK\r\n", "AUTH PLAIN\r\n" PASS,
	 ERR_NONE},
	{SASL_PLAIN, SASL_PLAIN, "joe", "secret", false,
	 "-ERR unknown command\r\n+OK\r\n+OK\r\n", "AUTH PLAIN\r\n" PASS,
	 ERR_NONE},
	{SASL_PASSWORDS, SASL_PLAIN, "joe", "secret", false,
	 "-ERR what?\r\n-ERR what?\r\n+OK\r\n+OK\r\n",
	 "AUTH PLAIN\r\nAUTH LOGIN\r\n" PASS, ERR_NONE},
	{BOTH, SASL_USER_PASS, "joe", "secret", false,
	 "-ERR no\r\n+ \r\n+OK\r\n", USER PLAIN, ERR_NONE},
	/* A server without CAPA, or with neither in it (an older GreenMail). */
	{0, SASL_PLAIN, "joe", "secret", false, "+OK\r\n+OK\r\n", PASS,
	 ERR_NONE},
	{0, SASL_USER_PASS, "joe", "secret", false, "+OK\r\n-ERR no\r\n", PASS,
	 ERR_PASSWORD},
	/* No more than two refusals of what was shown. */
	{SASL_PASSWORDS | SASL_USER_PASS, SASL_PLAIN, "joe", "secret", false,
	 "+ \r\n-ERR no\r\n+ x\r\n+ y\r\n-ERR no\r\n", PLAIN LOGIN,
	 ERR_PASSWORD},
	/* The password's own refusal ends it. */
	{BOTH, SASL_PLAIN, "joe", "secret", false, "+ \r\n-ERR [AUTH] no\r\n",
	 PLAIN, ERR_PASSWORD},
	/* A token goes by no password's way. */
	{BOTH, SASL_XOAUTH2, "joe", "secret", false, "", "", ERR_STATE},
	{BOTH | SASL_TOKENS, SASL_XOAUTH2, "joe", "secret", false,
	 "+ \r\n+OK\r\n", BEARER, ERR_NONE},
	{SASL_TOKENS, SASL_OAUTHBEARER, "joe", "secret", false,
	 "-ERR [AUTH] no\r\n+ \r\n+OK\r\n", "AUTH OAUTHBEARER\r\n" BEARER,
	 ERR_NONE},

	/* Another protocol's words are no answer. */
	{BOTH, SASL_PLAIN, "joe", "secret", false, "220 x\r\n",
	 "AUTH PLAIN\r\n", ERR_TEMP},
	{BOTH, SASL_PLAIN, "joe", "secret", false, "+ERR no\r\n",
	 "AUTH PLAIN\r\n", ERR_TEMP},

	/* A line break would be a command of its own. */
	{SASL_USER_PASS, SASL_PLAIN, "joe\r\nDELE 1", "secret", false, "", "",
	 ERR_PASSWORD},
	{SASL_USER_PASS, SASL_PLAIN, "joe", "a\r\nDELE 1", false, "", "",
	 ERR_PASSWORD},
	{SASL_USER_PASS, SASL_PLAIN, "joe", "a\nb", false, "", "",
	 ERR_PASSWORD},
};

static void expect_login(const struct login *login)
{
	struct secret secret = SECRET_EMPTY;
	const struct credential c = {.user = login->user,
				     .secret = &secret,
				     .mechanism = login->own};
	const struct pop3_features f = {.pipelining = login->pipelining};
	char heard[HEARD_MAX];
	struct rig rig;
	int result;

	secret_set(&secret, login->password, strlen(login->password));
	rig_open(&rig, login->says, strlen(login->says),
		 &(struct cutting){.step = 1});
	rig.u->mechanisms = login->mechanisms;
	result = pop3_upstream_login(rig.u, &c, &f, &rig.e);
	if (result != (login->kind == ERR_NONE ? 0 : -1) ||
	    (result < 0 && rig.e.kind != login->kind))
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

static const struct {
	const char *says;
	enum err_kind kind;
	const char *told;
} openings[] = {
	{"-ERR [SYS/PERM] go away\r\n", ERR_REFUSED,
	 "server mail.example answers the connection: -ERR [SYS/PERM] go away"},
	{"-ERR [SYS/TEMP] later\r\n", ERR_TEMP,
	 "server mail.example answers the connection: -ERR [SYS/TEMP] later"},
	{"-ERR no\r\n", ERR_TEMP,
	 "server mail.example answers the connection: -ERR no"},
	{"220 mail.example ESMTP\r\n", ERR_TEMP,
	 "server mail.example sent what is no answer: 220 mail.example ESMTP"},
	{"+ERR no\r\n", ERR_TEMP,
	 "server mail.example sent what is no answer: +ERR no"},
};

static void a_server_that_opens_with_no_is_told(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(openings); i++) {
		struct pop3_features f;
		char heard[HEARD_MAX];
		struct rig rig;

		rig_open(&rig, openings[i].says, strlen(openings[i].says),
			 &(struct cutting){.step = 1});
		assert_int_equal(pop3_upstream_open(rig.u, &f, &rig.e), -1);
		assert_int_equal(rig.e.kind, openings[i].kind);
		assert_string_equal(rig.e.text, openings[i].told);
		rig_close(&rig, heard, sizeof(heard));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_however_cut),
		cmocka_unit_test(what_is_offered_is_understood),
		cmocka_unit_test(logins_go_word_for_word),
		cmocka_unit_test(a_server_that_opens_with_no_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
