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
	 UPSTREAM_USER,
	 {.capa = true, .top = true, .uidl = true}},
	{"+OK\r\nSTLS\r\nPIPELINING\r\nRESP-CODES\r\n.\r\n",
	 0,
	 {.capa = true, .stls = true, .pipelining = true, .resp_codes = true}},
	{"+OK\r\nSASL plain  LOGIN X\r\nSASLX PLAIN\r\n.\r\n",
	 UPSTREAM_PLAIN | UPSTREAM_LOGIN,
	 {.capa = true}},
	{"+OK\r\nSASL\r\nTOPX\r\n XTOP\r\n.\r\n", 0, {.capa = true}},
	/* RFC 1939 alone. */
	{"-ERR what?\r\n",
	 UPSTREAM_USER,
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

#define PLAIN "AUTH PLAIN\r\nAGpvZQBzZWNyZXQ=\r\n"
#define PASS  "USER joe\r\nPASS secret\r\n"

static const struct login {
	unsigned mechanisms;
	const char *user, *password;
	bool pipelining;
	const char *says, *hears;
	enum err_kind kind; /* ERR_NONE: logged in */
} logins[] = {
	{UPSTREAM_PLAIN | UPSTREAM_USER, "joe", "secret", false,
	 "+ \r\n+OK\r\n", PLAIN, ERR_NONE},
	{UPSTREAM_LOGIN, "joe", "secret", false, "+ x\r\n+ y\r\n+OK\r\n",
	 "AUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\n", ERR_NONE},
	{UPSTREAM_USER, "joe", "secret", false, "+OK\r\n+OK\r\n", PASS,
	 ERR_NONE},
	{UPSTREAM_USER, "joe", "a b ", false, "+OK\r\n+OK\r\n",
	 "USER joe\r\nPASS a b \r\n", ERR_NONE},
	{UPSTREAM_USER, "joe", "secret", false, "-ERR no\r\n", "USER joe\r\n",
	 ERR_PASSWORD},
	{UPSTREAM_USER, "joe", "secret", false, "+OK\r\n-ERR no\r\n", PASS,
	 ERR_PASSWORD},
	{UPSTREAM_PLAIN, "joe", "secret", false, "+ \r\n-ERR [AUTH] no\r\n",
	 PLAIN, ERR_PASSWORD},
	{UPSTREAM_PLAIN, "joe", "secret", false, "+ \r\n-ERR [SYS/TEMP] x\r\n",
	 PLAIN, ERR_TEMP},
	{UPSTREAM_PLAIN, "joe", "secret", false, "+ \r\n-ERR [sys/perm] x\r\n",
	 PLAIN, ERR_TEMP},
	{UPSTREAM_PLAIN, "joe", "secret", false, "+ \r\n-ERR [IN-USE] x\r\n",
	 PLAIN, ERR_TEMP},
	{UPSTREAM_USER, "joe", "secret", false,
	 "+OK\r\n-ERR  [LOGIN-DELAY] x\r\n", PASS, ERR_TEMP},
	/* Codes stand in front, and whole, or are none. */
	{UPSTREAM_PLAIN, "joe", "secret", false, "+ \r\n-ERR no [IN-USE]\r\n",
	 PLAIN, ERR_PASSWORD},
	{UPSTREAM_PLAIN, "joe", "secret", false, "+ \r\n-ERR [IN-USER] x\r\n",
	 PLAIN, ERR_PASSWORD},
	{UPSTREAM_PLAIN, "joe", "secret", false, "+ \r\n-ERR [SYS\r\n", PLAIN,
	 ERR_PASSWORD},
	{UPSTREAM_PLAIN, "joe", "secret", false, "+OK\r\n", "AUTH PLAIN\r\n",
	 ERR_TEMP},
	/* At once, where PLAIN is there, too; PASS's answer counts. */
	{UPSTREAM_PLAIN | UPSTREAM_USER, "joe", "secret", true,
	 "+OK\r\n+OK\r\n", PASS, ERR_NONE},
	{UPSTREAM_PLAIN | UPSTREAM_USER, "joe", "secret", true,
	 "-ERR no\r\n-ERR no\r\n", PASS, ERR_PASSWORD},
	{UPSTREAM_PLAIN | UPSTREAM_USER, "joe", "secret", true,
	 "+OK\r\n-ERR [IN-USE] x\r\n", PASS, ERR_TEMP},
	{UPSTREAM_PLAIN | UPSTREAM_USER, "joe", "secret", true, "+OK\r\n", PASS,
	 ERR_TEMP},
	{UPSTREAM_LOGIN | UPSTREAM_USER, "joe", "secret", true,
	 "+ x\r\n+ y\r\n+OK\r\n", "AUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\n",
	 ERR_NONE},
	/* A line break would be a command of its own. */
	{UPSTREAM_USER, "joe\r\nDELE 1", "secret", false, "", "", ERR_PASSWORD},
	{UPSTREAM_USER, "joe", "a\r\nDELE 1", false, "", "", ERR_PASSWORD},
	{UPSTREAM_USER, "joe", "a\nb", false, "", "", ERR_PASSWORD},
	{0, "joe", "secret", false, "", "", ERR_STATE},
};

static void expect_login(const struct login *login)
{
	struct secret secret = SECRET_EMPTY;
	const struct credential c = {.user = login->user, .secret = &secret};
	const struct pop3_features f = {.pipelining = login->pipelining};
	char heard[HEARD_MAX];
	struct rig rig;
	int result;

	secret_set(&secret, login->password, strlen(login->password));
	rig_open(&rig, login->says, strlen(login->says),
		 &(struct cutting){.step = 1});
	rig.u->mechanisms = login->mechanisms;
	result = pop3_upstream_login(rig.u, &c, &f, &rig.e);
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
		cmocka_unit_test(every_status_however_cut),
		cmocka_unit_test(what_is_offered_is_understood),
		cmocka_unit_test(logins_go_word_for_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
