/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in over POP3: every way in, every way to get it wrong, what the store
 * is asked for, and that nothing of a password stays in memory.
 */
#include "common/base.h"

#include "handlers/session/sasl.h"
#include "tests/unit/pop3_rig.h"

#define DENIED	  "-ERR [AUTH] No such mailbox, or not its password\r\n"
#define OPENED	  "+OK The mailbox is open\r\n"
#define PASSWORD  "+OK Now the password\r\n"
#define NOT64	  "-ERR Not base64 with its padding\r\n"
#define MALFORMED "-ERR Not what the mechanism says\r\n"
#define ANOTHER	  "-ERR [AUTH] Nobody logs in for another here\r\n"
#define NO_USER	  "+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\n" NOT64
#define NOBODY	  "mbx-00000000000000000000000000000000"

/* base64 of RIG_ID and of RIG_PASSWORD. */
#define ID64	"bWJ4LTAwMTEyMjMzNDQ1NTY2Nzc4ODk5YWFiYmNjZGRlZWZm"
#define PW64	"YWJjZC1lZmdoLWlqa2wtbW5vcA=="
#define PLAIN64 RIG_PLAIN64

/*
 * Each script is followed by QUIT, each answer by +OK Bye, but where what is no
 * answer to AUTH has ended the session.
 */
static const struct {
	const char *script;
	const char *heard;
	unsigned logins;
	const char *id; /* what the store was asked for, last */
	const char *password;
} ways[] = {
	{RIG_LOGIN, PASSWORD OPENED, 1, RIG_ID, RIG_PASSWORD},
	{"user MBX-00112233445566778899AABBCCDDEEFF\r\n"
	 "pass " RIG_PASSWORD "\r\n",
	 PASSWORD OPENED, 1, RIG_ID, RIG_PASSWORD},
	{"USER " RIG_ID "@archive.example\r\nPASS " RIG_PASSWORD "\r\n",
	 PASSWORD OPENED, 1, RIG_ID, RIG_PASSWORD},
	{"USER " RIG_ID "  \r\nPASS " RIG_PASSWORD "\r\n", PASSWORD OPENED, 1,
	 RIG_ID, RIG_PASSWORD},
	{"USER nobody\r\nUSER " RIG_ID "\r\nPASS " RIG_PASSWORD "\r\n",
	 PASSWORD PASSWORD OPENED, 1, RIG_ID, RIG_PASSWORD},

	/* The password is the rest of the line, whatever it holds. */
	{"USER " RIG_ID "\r\nPASS  two words  \r\n", PASSWORD DENIED, 1, RIG_ID,
	 " two words  "},
	{"USER " RIG_ID "\r\nPASS wrong\r\n", PASSWORD DENIED, 1, RIG_ID,
	 "wrong"},
	{"USER " RIG_ID "\r\nPASS\r\n",
	 PASSWORD "-ERR An argument was expected\r\n", 0, "", ""},
	{"USER\r\n", "-ERR An argument was expected\r\n", 0, "", ""},

	/* What is no id is asked for all the same, under an id nobody has. */
	{"USER joe\r\nPASS x\r\n", PASSWORD DENIED, 1, NOBODY, "x"},
	{"USER " RIG_ID "0\r\nPASS x\r\n", PASSWORD DENIED, 1, NOBODY, "x"},
	{"USER " RIG_ID " x\r\nPASS " RIG_PASSWORD "\r\n", PASSWORD DENIED, 1,
	 NOBODY, RIG_PASSWORD},
	{"USER " RIG_ID "+x@y\r\nPASS " RIG_PASSWORD "\r\n", PASSWORD DENIED, 1,
	 NOBODY, RIG_PASSWORD},
	{"USER @y\r\nPASS x\r\n", PASSWORD DENIED, 1, NOBODY, "x"},

	/* A failed PASS needs a USER anew (RFC 1939 7). */
	{"PASS x\r\n", "-ERR USER comes first\r\n", 0, "", ""},
	{"USER " RIG_ID "\r\nPASS x\r\nPASS " RIG_PASSWORD "\r\n",
	 PASSWORD DENIED "-ERR USER comes first\r\n", 1, RIG_ID, "x"},
	{"USER " RIG_ID "\r\nPASS x\r\n" RIG_LOGIN,
	 PASSWORD DENIED PASSWORD OPENED, 2, RIG_ID, RIG_PASSWORD},
	{RIG_LOGIN RIG_LOGIN,
	 PASSWORD OPENED "-ERR Already logged in\r\n-ERR Already logged in\r\n",
	 1, RIG_ID, RIG_PASSWORD},

	{"AUTH PLAIN " PLAIN64 "\r\n", OPENED, 1, RIG_ID, RIG_PASSWORD},
	{"auth plain " PLAIN64 "\r\n", OPENED, 1, RIG_ID, RIG_PASSWORD},
	{"AUTH PLAIN\r\n" PLAIN64 "\r\n", "+ \r\n" OPENED, 1, RIG_ID,
	 RIG_PASSWORD},
	{"AUTH PLAIN \r\n" PLAIN64 "\r\n", "+ \r\n" OPENED, 1, RIG_ID,
	 RIG_PASSWORD},
	{"USER x\r\nAUTH PLAIN " PLAIN64 "\r\n", PASSWORD OPENED, 1, RIG_ID,
	 RIG_PASSWORD},
	{"AUTH PLAIN =\r\n", MALFORMED, 0, "", ""},
	{"AUTH PLAIN AGpvZQB4\r\n", DENIED, 1, NOBODY, "x"},
	{"AUTH PLAIN cm9vdABqb2UAeA==\r\n", ANOTHER, 0, "", ""},
	{"AUTH PLAIN AGpvZQB4=\r\n", NOT64, 0, "", ""},
	{"AUTH PLAIN AGpv ZQB4\r\n", NOT64, 0, "", ""},
	{"AUTH PLAIN\r\nAGpv\tQB4\r\n", "+ \r\n" NOT64, 0, "", ""},
	/* Without its padding it is none, and told so. */
	{"AUTH PLAIN AGpvZQB4eA\r\n", NOT64, 0, "", ""},
	{"AUTH PLAIN\r\nAGpvZQB4eA\r\n", "+ \r\n" NOT64, 0, "", ""},
	{"AUTH PLAIN\r\n\r\n", "+ \r\n" MALFORMED, 0, "", ""},
	{"AUTH PLAIN\r\n*\r\n", "+ \r\n-ERR Cancelled\r\n", 0, "", ""},
	{"AUTH PLAIN\r\nA\nB\r\n", "+ \r\n" NOT64, 0, "", ""},

	{"AUTH LOGIN\r\n" ID64 "\r\n" PW64 "\r\n",
	 "+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\n" OPENED, 1, RIG_ID,
	 RIG_PASSWORD},
	{"AUTH LOGIN " ID64 "\r\n" PW64 "\r\n", "+ UGFzc3dvcmQ6\r\n" OPENED, 1,
	 RIG_ID, RIG_PASSWORD},
	{"AUTH LOGIN =\r\neA==\r\n", "+ UGFzc3dvcmQ6\r\n" DENIED, 1, NOBODY,
	 "x"},
	{"AUTH LOGIN\r\n*\r\n", "+ VXNlcm5hbWU6\r\n-ERR Cancelled\r\n", 0, "",
	 ""},
	{"AUTH LOGIN\r\n" ID64 "\r\n*\r\n",
	 "+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\n-ERR Cancelled\r\n", 0, "", ""},
	/* Whoever says the user wrong says the password all the same. */
	{"AUTH LOGIN\r\nno\r\nQUIT\r\n", NO_USER, 0, "", ""},
	{"AUTH LOGIN\r\nno\r\n" PW64 "\r\n", NO_USER, 0, "", ""},
	{"AUTH LOGIN am9lIA\r\n" PW64 "\r\n", "+ UGFzc3dvcmQ6\r\n" NOT64, 0, "",
	 ""},
	{"AUTH LOGIN\r\nno\r\n*\r\n",
	 "+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\n-ERR Cancelled\r\n", 0, "", ""},
	{"AUTH LOGIN " ID64 "\r\nno\r\n", "+ UGFzc3dvcmQ6\r\n" NOT64, 0, "",
	 ""},
	/* "joe", NUL, "x": text with a NUL in it is no name. */
	{"AUTH LOGIN am9lAHg=\r\neA==\r\n", "+ UGFzc3dvcmQ6\r\n" MALFORMED, 0,
	 "", ""},

	{"AUTH\r\n", "+OK\r\nPLAIN\r\nLOGIN\r\n.\r\n", 0, "", ""},
	{"AUTH XOAUTH2 abc=\r\n", "-ERR No such mechanism: PLAIN, LOGIN\r\n", 0,
	 "", ""},
	{"AUTH PLAINER\r\n", "-ERR No such mechanism: PLAIN, LOGIN\r\n", 0, "",
	 ""},
};

static const char *bye_behind(const char *heard)
{
	return strstr(heard, NOT64) || strstr(heard, MALFORMED) ? ""
								: "+OK Bye\r\n";
}

static void every_way_in_is_answered_as_it_should(void **state)
{
	static const size_t steps[] = {0, 1};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(ways) * N_ELEMENTS(steps); i++) {
		size_t way = i / N_ELEMENTS(steps);
		char script[1024], heard[1024];
		struct rig r;

		snprintf(script, sizeof(script), "%sQUIT\r\n",
			 ways[way].script);
		snprintf(heard, sizeof(heard), RIG_GREETING "%s%s",
			 ways[way].heard, bye_behind(ways[way].heard));
		rig_empty_store();
		rig_init(&r);
		r.client.step = steps[i % N_ELEMENTS(steps)];
		rig_run(&r, script);
		assert_string_equal(r.client.heard.data, heard);
		assert_int_equal(rig_store.logins, ways[way].logins);
		assert_string_equal(rig_store.login_id, ways[way].id);
		assert_string_equal(rig_store.login_password,
				    ways[way].password);
		rig_release(&r);
	}
}

/* Neither words nor work may tell an unknown mailbox from a wrong password. */
static void a_name_that_is_no_id_looks_like_a_wrong_password(void **state)
{
	static const char *const users[] = {RIG_ID, NOBODY, "joe", "x@y", "@"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(users); i++) {
		char script[200];

		rig_empty_store();
		snprintf(script, sizeof(script),
			 "USER %s\r\nPASS x\r\nQUIT\r\n", users[i]);
		rig_expect(script, RIG_GREETING PASSWORD DENIED "+OK Bye\r\n");
		assert_int_equal(rig_store.logins, 1);
	}
}

static const struct {
	enum err_kind store, login;
	const char *reply, *outcome;
} troubles[] = {
	{ERR_NONE, ERR_PASSWORD, DENIED, "outcome=auth-failed seconds"},
	{ERR_NONE, ERR_BUSY, "-ERR [IN-USE] Another session is collecting\r\n",
	 "outcome=tempfail reason=in-use"},
	{ERR_NONE, ERR_TEMP,
	 "-ERR [SYS/TEMP] The mailbox cannot be opened now\r\n",
	 "outcome=tempfail reason=store"},
	{ERR_NONE, ERR_CONFIG,
	 "-ERR [SYS/TEMP] The mailbox cannot be opened now\r\n",
	 "outcome=tempfail reason=store"},
	{ERR_NONE, ERR_DAMAGED,
	 "-ERR [SYS/TEMP] The mailbox cannot be opened now\r\n",
	 "outcome=tempfail reason=store"},
	{ERR_TEMP, ERR_NONE,
	 "-ERR [SYS/TEMP] The mailbox cannot be opened now\r\n",
	 "outcome=tempfail reason=store"},
};

static void trouble_has_its_code_and_stands_in_the_summary(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(troubles); i++) {
		char heard[512];
		struct rig r;

		rig_empty_store();
		rig_store.store_fails = troubles[i].store;
		rig_store.login_fails = troubles[i].login;
		rig_init(&r);
		rig_run(&r, RIG_LOGIN "QUIT\r\n");
		snprintf(heard, sizeof(heard),
			 RIG_GREETING PASSWORD "%s+OK Bye\r\n",
			 troubles[i].reply);
		assert_string_equal(r.client.heard.data, heard);
		rig_expect_logged(&r, troubles[i].outcome);
		rig_expect_logged(&r, "mailbox=" RIG_ID);
		rig_release(&r);
	}
}

static void a_login_in_the_end_is_what_counts(void **state)
{
	struct rig r;

	(void)state;
	rig_empty_store();
	rig_init(&r);
	rig_run(&r, "USER x\r\nPASS y\r\n" RIG_LOGIN "QUIT\r\n");
	rig_expect_logged(&r, "outcome=idle");
	rig_release(&r);
}

static void a_name_that_is_no_id_stands_in_no_log(void **state)
{
	struct rig r;

	(void)state;
	rig_empty_store();
	rig_init(&r);
	rig_run(&r, "USER " RIG_ID "\r\nPASS x\r\nAUTH PLAIN AGpvZQB4\r\n");
	rig_expect_logged(&r, "outcome=auth-failed");
	assert_null(strstr(r.log.data, "mailbox="));
	assert_null(strstr(r.log.data, "joe"));
	rig_release(&r);
}

static void wrong_passwords_are_forgiven_so_many_times(void **state)
{
	struct buf script, wanted;
	struct rig r;

	(void)state;
	buf_init(&script, 4096);
	buf_init(&wanted, 4096);
	assert_true(buf_adds(&wanted, RIG_GREETING));
	for (int i = 0; i < 12; i++) {
		assert_true(buf_adds(&script, "AUTH PLAIN AGpvZQB4\r\n"));
		if (i < 9)
			assert_true(buf_adds(&wanted, DENIED));
	}
	assert_true(buf_adds(&wanted, "-ERR Too many errors\r\n"));
	rig_empty_store();
	rig_init(&r);
	rig_run(&r, script.data);
	assert_string_equal(r.client.heard.data, wanted.data);
	assert_int_equal(rig_store.logins, 10);
	rig_expect_logged(&r, "outcome=auth-failed");
	rig_release(&r);
	buf_release(&script);
	buf_release(&wanted);
}

/* RFC 4954 4 allows that much; a line beyond it is read away to its end. */
static void a_sasl_line_may_be_long_and_no_longer(void **state)
{
	static const struct {
		size_t n;
		const char *reply;
	} lines[] = {
		{SASL_LINE_MAX - 4, DENIED},
		{SASL_LINE_MAX, NOT64},
		{64 * SASL_LINE_MAX, NOT64},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(lines); i++) {
		char heard[512];
		struct buf script;
		struct rig r;

		buf_init(&script, 1024 * 1024);
		assert_true(buf_adds(&script, "AUTH PLAIN\r\nAGpvZQB4"));
		for (size_t n = 8; n < lines[i].n; n += 4)
			assert_true(buf_adds(&script, "eHh4"));
		assert_true(buf_adds(&script, "\r\nQUIT\r\n"));
		snprintf(heard, sizeof(heard), RIG_GREETING "+ \r\n%s%s",
			 lines[i].reply, bye_behind(lines[i].reply));
		rig_empty_store();
		rig_init(&r);
		rig_run(&r, script.data);
		assert_string_equal(r.client.heard.data, heard);
		rig_release(&r);
		buf_release(&script);
	}
}

static void a_client_may_vanish_between_question_and_answer(void **state)
{
	struct rig r;

	(void)state;
	rig_empty_store();
	rig_init(&r);
	rig_run(&r, "AUTH LOGIN " ID64 "\r\nYWJj");
	assert_string_equal(r.client.heard.data,
			    RIG_GREETING "+ UGFzc3dvcmQ6\r\n");
	assert_int_equal(rig_store.logins, 0);
	rig_expect_logged(&r, "outcome=dropped");
	rig_release(&r);
}

static void a_client_may_be_silent_between_question_and_answer(void **state)
{
	struct rig r;

	(void)state;
	rig_empty_store();
	rig_init(&r);
	r.conf.limits.command_timeout = 1;
	r.client.stay = true;
	rig_run(&r, "AUTH PLAIN\r\n");
	assert_string_equal(r.client.heard.data, RIG_GREETING "+ \r\n");
	rig_expect_logged(&r, "outcome=timeout");
	rig_release(&r);
}

static void no_credential_is_taken_without_tls(void **state)
{
	static const enum tls_mode modes[] = {TLS_MODE_STARTTLS, TLS_MODE_NONE};
#define ONLY_TLS "-ERR Only under TLS: use STLS or POP3S\r\n"

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(modes); i++) {
		struct rig r;

		rig_empty_store();
		rig_init(&r);
		r.peer.tls = false;
		r.peer.tls_version[0] = '\0';
		r.tls_mode = modes[i];
		rig_run(&r, RIG_LOGIN "AUTH PLAIN " PLAIN64 "\r\n"
				      "AUTH LOGIN\r\nAUTH\r\nSTAT\r\nQUIT\r\n");
		assert_string_equal(r.client.heard.data,
				    RIG_GREETING ONLY_TLS ONLY_TLS ONLY_TLS
					    ONLY_TLS ONLY_TLS ONLY_TLS
				    "+OK Bye\r\n");
		assert_int_equal(rig_store.logins, 0);
		rig_expect_logged(&r, "tls=none");
		rig_expect_logged(&r, "outcome=refused reason=tls-required");
		rig_release(&r);
	}
}

/* The first recipient is the mailbox's own key, the others are people. */
static void whoever_else_can_read_is_logged(void **state)
{
	char *keys[] = {(char[]){"age1own"}, (char[]){"age1a"},
			(char[]){"age1b"}};
	struct rig r;

	(void)state;
	rig_empty_store();
	rig_store.mailbox.conf.recipients.list = keys;
	rig_store.mailbox.conf.recipients.n = 3;
	rig_init(&r);
	rig_run(&r, RIG_LOGIN "QUIT\r\n");
	rig_expect_logged(&r, RIG_ID ": recovery recipients: 2");

	rig_store.mailbox.conf.recipients.n = 1;
	rig_run(&r, RIG_LOGIN "QUIT\r\n");
	assert_null(strstr(r.log.data, "recovery"));
	rig_release(&r);
}

/* --- what stays in memory ---------------------------------------------------
 */

/*
 * Secrets are looked for in every page that can be written, so they may stand
 * in read-only ones alone: in the scripts below. What is compared with is
 * masked, and never unmasked.
 */
enum { MASK = 0x5a, NEEDLE_MAX = 64 };

static const char *const secrets[] = {
	RIG_PASSWORD, PW64,
	"OWFhYmJjY2RkZWVmZgBhYmNkLWVmZ2gtaWpr", /* of PLAIN64 */
};

static struct needle {
	uint8_t masked[NEEDLE_MAX];
	size_t n;
	bool found;
} needles[N_ELEMENTS(secrets)];

static bool starts_needle[256]; /* by masked octet */

static void mask_secrets(void)
{
	for (size_t k = 0; k < N_ELEMENTS(secrets); k++) {
		struct needle *needle = &needles[k];

		needle->n = strlen(secrets[k]);
		assert_true(needle->n <= NEEDLE_MAX);
		for (size_t i = 0; i < needle->n; i++)
			needle->masked[i] = (uint8_t)(secrets[k][i] ^ MASK);
		starts_needle[needle->masked[0]] = true;
	}
}

__attribute__((no_sanitize_address)) static void
compare(const volatile uint8_t *bytes, size_t n)
{
	for (size_t k = 0; k < N_ELEMENTS(needles); k++) {
		struct needle *needle = &needles[k];
		size_t i = 0;

		while (i < needle->n && i < n &&
		       (bytes[i] ^ MASK) == needle->masked[i])
			i++;
		needle->found |= i == needle->n;
	}
}

__attribute__((no_sanitize_address)) static void
search_region(const volatile uint8_t *bytes, size_t n)
{
	for (size_t at = 0; at < n; at++)
		if (starts_needle[bytes[at] ^ MASK])
			compare(bytes + at, n - at);
}

/* Leaves out what a sanitizer reserves for its own book-keeping. */
static void look_for_secrets(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];

	assert_non_null(maps);
	for (size_t k = 0; k < N_ELEMENTS(needles); k++)
		needles[k].found = false;
	while (fgets(line, sizeof(line), maps)) {
		unsigned long from, to;
		char access[5];

		if (sscanf(line, "%lx-%lx %4s", &from, &to, access) == 3 &&
		    strncmp(access, "rw", 2) == 0 &&
		    to - from <= 64 * 1024 * 1024)
			search_region((const uint8_t *)from, to - from);
	}
	fclose(maps);
}

static const char *const secret_scripts[] = {
	RIG_LOGIN "QUIT\r\n",
	"AUTH PLAIN " PLAIN64 "\r\nQUIT\r\n",
	"AUTH PLAIN\r\n" PLAIN64 "\r\nQUIT\r\n",
	"AUTH LOGIN\r\n" ID64 "\r\n" PW64 "\r\nQUIT\r\n",
	/* Refused, and still a secret. */
	"PASS " RIG_PASSWORD "\r\n" RIG_LOGIN "QUIT\r\n",
	"PASS " RIG_PASSWORD "\n" RIG_LOGIN "QUIT\r\n",
	"AUTH PLAIN b3RoZXIAbWJ4LTAwMTEyMjMzNDQ1NTY2Nzc4ODk5YWFiYmNjZGRlZWZm"
	"AGFiY2QtZWZnaC1pamtsLW1ub3A=\r\n" RIG_LOGIN "QUIT\r\n",
	"AUTH LOGIN\r\n" PW64 "\n*\r\n" RIG_LOGIN "QUIT\r\n",
	"AUTH XYZ " PLAIN64 "\r\n" RIG_LOGIN "QUIT\r\n",
};

/* Looking for what nobody says would find nothing. */
static void every_secret_is_said(void **state)
{
	(void)state;
	for (size_t k = 0; k < N_ELEMENTS(secrets); k++) {
		bool said = false;

		for (size_t i = 0; i < N_ELEMENTS(secret_scripts); i++)
			said |= strstr(secret_scripts[i], secrets[k]) != NULL;
		if (!said)
			fail_msg("nobody says \"%s\"", secrets[k]);
	}
}

static void the_search_finds_what_is_there(void **state)
{
	(void)state;
	mask_secrets();
	for (size_t i = 0; i < N_ELEMENTS(secrets); i++) {
		char *copy = strdup(secrets[i]);

		look_for_secrets();
		assert_true(needles[i].found);
		explicit_bzero(copy, strlen(copy));
		free(copy);
		look_for_secrets();
		assert_false(needles[i].found);
	}
}

/* At QUIT the session still lives, and so do its buffers. */
static void no_secret_outlives_its_use(void **state)
{
	(void)state;
	mask_secrets();
	for (size_t i = 0; i < 2 * N_ELEMENTS(secret_scripts); i++) {
		struct rig r;

		rig_empty_store();
		rig_store.discreet = true;
		rig_store.at_update = look_for_secrets;
		rig_init(&r);
		r.client.step = i % 2;
		rig_run(&r, secret_scripts[i / 2]);
		assert_int_equal(rig_store.updates, 1);
		for (size_t k = 0; k < N_ELEMENTS(secrets); k++)
			if (needles[k].found)
				fail_msg("script %zu leaves secret %zu", i / 2,
					 k);
		rig_release(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, before any other test has left a secret of its own. */
		cmocka_unit_test(every_secret_is_said),
		cmocka_unit_test(the_search_finds_what_is_there),
		cmocka_unit_test(no_secret_outlives_its_use),
		cmocka_unit_test(every_way_in_is_answered_as_it_should),
		cmocka_unit_test(
			a_name_that_is_no_id_looks_like_a_wrong_password),
		cmocka_unit_test(
			trouble_has_its_code_and_stands_in_the_summary),
		cmocka_unit_test(a_login_in_the_end_is_what_counts),
		cmocka_unit_test(a_name_that_is_no_id_stands_in_no_log),
		cmocka_unit_test(wrong_passwords_are_forgiven_so_many_times),
		cmocka_unit_test(a_sasl_line_may_be_long_and_no_longer),
		cmocka_unit_test(
			a_client_may_vanish_between_question_and_answer),
		cmocka_unit_test(
			a_client_may_be_silent_between_question_and_answer),
		cmocka_unit_test(no_credential_is_taken_without_tls),
		cmocka_unit_test(whoever_else_can_read_is_logged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
