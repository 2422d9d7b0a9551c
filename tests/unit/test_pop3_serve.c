/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The POP3 session: capabilities, listings, marks, pipelining, and every way to
 * end it, of which one alone deletes.
 */
#include "common/base.h"

#include "tests/support/test_dir.h"
#include "tests/unit/pop3_rig.h"

#define CAPA_HEAD "+OK Capabilities follow\r\nTOP\r\nUIDL\r\n"
#define CAPA_TAIL                                                              \
	"RESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n"       \
	"UTF8\r\nIMPLEMENTATION Restante\r\n.\r\n"

static const struct {
	enum tls_mode mode;
	bool tls_in_front;
	const char *between;
} capabilities[] = {
	{TLS_MODE_STARTTLS, false, "STLS\r\n"},
	{TLS_MODE_NONE, false, ""},
	{TLS_MODE_NONE, true, "USER\r\nSASL PLAIN LOGIN\r\n"},
};

static void capabilities_are_what_can_be_used_now(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(capabilities); i++) {
		char heard[1024];
		struct rig r;

		rig_empty_store();
		rig_init(&r);
		r.tls_mode = capabilities[i].mode;
		r.peer.tls = capabilities[i].tls_in_front;
		rig_run(&r, "CAPA\r\nQUIT\r\n");
		snprintf(heard, sizeof(heard), "%s%s%s%s%s", RIG_GREETING,
			 CAPA_HEAD, capabilities[i].between, CAPA_TAIL,
			 "+OK Bye\r\n");
		assert_string_equal(r.client.heard.data, heard);
		rig_release(&r);
	}
}

static void stls_is_refused_where_it_makes_no_sense(void **state)
{
	struct rig r;

	(void)state;
	rig_empty_store();
	rig_init(&r);
	rig_run_in_turn(&r, (const char *[]){"STLS\r\n", "QUIT\r\n", NULL});
	assert_string_equal(r.client.heard.data,
			    RIG_GREETING "-ERR There is no STLS here\r\n"
					 "+OK Bye\r\n");
	rig_release(&r);
}

/* A missing certificate may be there in a minute; the log says which file. */
static void stls_without_a_certificate_is_refused_for_now(void **state)
{
	char certificate[] = "/nowhere/cert.pem", key[] = "/nowhere/key.pem";
	char *certificates[] = {certificate}, *keys[] = {key};
	struct rig r;

	(void)state;
	rig_empty_store();
	rig_init(&r);
	r.peer.tls = false;
	r.tls_mode = TLS_MODE_STARTTLS;
	r.conf.tls = (struct tls_server_settings){
		.certificate = {.list = certificates, .n = 1},
		.key = {.list = keys, .n = 1},
		.min_version = "1.2",
		.priorities = "",
		.client_ca = "",
	};
	rig_run_in_turn(&r, (const char *[]){"STLS\r\n", "QUIT\r\n", NULL});
	assert_string_equal(r.client.heard.data, RIG_GREETING
			    "-ERR [SYS/TEMP] TLS cannot be had now\r\n"
			    "+OK Bye\r\n");
	rig_expect_logged(&r, "<3>");
	rig_expect_logged(&r, "/nowhere/");
	rig_expect_logged(&r, "outcome=tempfail reason=certificate");

	r.tls_mode = TLS_MODE_IMPLICIT;
	rig_run(&r, "");
	assert_string_equal(r.client.heard.data, "");
	rig_expect_logged(&r, "/nowhere/");
	rig_expect_logged(&r, "outcome=tempfail reason=certificate");
	rig_release(&r);
}

static void what_is_pipelined_behind_stls_ends_the_session(void **state)
{
	struct rig r;

	(void)state;
	rig_empty_store();
	rig_init(&r);
	r.peer.tls = false;
	r.tls_mode = TLS_MODE_STARTTLS;
	rig_run(&r, "STLS\r\nCAPA\r\n");
	assert_string_equal(r.client.heard.data, RIG_GREETING
			    "-ERR Nothing may follow STLS before TLS\r\n");
	rig_expect_logged(&r, "outcome=refused reason=pipelining");
	rig_release(&r);
}

static void three_messages(void)
{
	rig_empty_store();
	rig_add_text("a: 1\r\n\r\none\r\n");	 /* 13 */
	rig_add_text("a: 2\r\n\r\ntwo two\r\n"); /* 17 */
	rig_add_text("a: 3\r\n\r\n.\r\n");	 /* 11 */
}

static const struct {
	const char *script, *heard;
} dialogues[] = {
	{"STAT\r\n", "+OK 3 41\r\n"},
	{"LIST\r\n", "+OK 3 messages (41 octets)\r\n1 13\r\n2 17\r\n3 11\r\n"
		     ".\r\n"},
	{"UIDL\r\n",
	 "+OK 3 messages (41 octets)\r\n1 01JD0000000000000000000001\r\n"
	 "2 01JD0000000000000000000002\r\n3 01JD0000000000000000000003\r\n"
	 ".\r\n"},
	{"LIST 2\r\nUIDL 3\r\n",
	 "+OK 2 17\r\n+OK 3 01JD0000000000000000000003\r\n"},
	{"list 02\r\n", "+OK 2 17\r\n"},
	{"LIST 2  \r\n", "+OK 2 17\r\n"},

	/* Numbers never shift, and what is marked is hidden everywhere. */
	{"DELE 2\r\nSTAT\r\nLIST\r\nUIDL\r\n",
	 "+OK Marked for deletion\r\n+OK 2 24\r\n"
	 "+OK 2 messages (24 octets)\r\n1 13\r\n3 11\r\n.\r\n"
	 "+OK 2 messages (24 octets)\r\n1 01JD0000000000000000000001\r\n"
	 "3 01JD0000000000000000000003\r\n.\r\n"},
	{"DELE 2\r\nLIST 2\r\nUIDL 2\r\nRETR 2\r\nTOP 2 0\r\nDELE 2\r\n"
	 "LIST 3\r\n",
	 "+OK Marked for deletion\r\n-ERR No such message\r\n"
	 "-ERR No such message\r\n-ERR No such message\r\n"
	 "-ERR No such message\r\n-ERR No such message\r\n+OK 3 11\r\n"},
	{"DELE 1\r\nDELE 3\r\nRSET\r\nSTAT\r\nRETR 3\r\n",
	 "+OK Marked for deletion\r\n+OK Marked for deletion\r\n"
	 "+OK Nothing is marked\r\n+OK 3 41\r\n"
	 "+OK 11 octets\r\na: 3\r\n\r\n..\r\n.\r\n"},

	{"LIST 0\r\nLIST 4\r\nRETR 4294967295\r\nDELE 0\r\n",
	 "-ERR No such message\r\n-ERR No such message\r\n"
	 "-ERR No such message\r\n-ERR No such message\r\n"},
	{"LIST x\r\nUIDL -1\r\nRETR +1\r\nDELE 1x\r\nRETR 1 1\r\n"
	 "LIST 4294967296\r\nRETR 0x1\r\nDELE  1\r\n",
	 "-ERR A message number was expected\r\n"
	 "-ERR A message number was expected\r\n"
	 "-ERR A message number was expected\r\n"
	 "-ERR A message number was expected\r\n"
	 "-ERR A message number was expected\r\n"
	 "-ERR A message number was expected\r\n"
	 "-ERR A message number was expected\r\n"
	 "-ERR A message number was expected\r\n"},
	{"RETR\r\nDELE\r\nTOP\r\n",
	 "-ERR An argument was expected\r\n-ERR An argument was expected\r\n"
	 "-ERR An argument was expected\r\n"},
	{"STAT 1\r\nNOOP 1\r\nRSET 1\r\nCAPA 1\r\nQUIT 1\r\n",
	 "-ERR No argument was expected\r\n-ERR No argument was expected\r\n"
	 "-ERR No argument was expected\r\n-ERR No argument was expected\r\n"
	 "-ERR No argument was expected\r\n"},
	{"NOOP\r\nnoop\r\nXYZZY\r\nLAST\r\nAPOP a b\r\n\r\n",
	 "+OK\r\n+OK\r\n-ERR Unknown command\r\n-ERR Unknown command\r\n"
	 "-ERR Unknown command\r\n-ERR Unknown command\r\n"},
	/* LF alone ends a command, a CR within it none. */
	{"STAT\n\nSTAT\r\r\nNO\rOP\n",
	 "+OK 3 41\r\n-ERR Unknown command\r\n"
	 "-ERR Lines end in CRLF and hold no NUL\r\n"
	 "-ERR Lines end in CRLF and hold no NUL\r\n"},
};

static void a_mailbox_is_listed_marked_and_unmarked(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * N_ELEMENTS(dialogues); i++) {
		char script[1024], heard[2048];
		struct rig r;

		three_messages();
		snprintf(script, sizeof(script), "%s%sQUIT\r\n", RIG_LOGIN,
			 dialogues[i / 2].script);
		snprintf(heard, sizeof(heard), "%s%s%s+OK Bye\r\n",
			 RIG_GREETING, RIG_OPENED, dialogues[i / 2].heard);
		rig_init(&r);
		r.client.step = i % 2; /* octet by octet, and at once */
		rig_run(&r, script);
		assert_string_equal(r.client.heard.data, heard);
		assert_int_equal(rig_store.updates, 1);
		rig_release(&r);
	}
}

static void an_empty_mailbox_is_listed_too(void **state)
{
	(void)state;
	rig_empty_store();
	rig_expect(RIG_LOGIN "STAT\r\nLIST\r\nUIDL\r\nLIST 1\r\nQUIT\r\n",
		   RIG_GREETING RIG_OPENED
		   "+OK 0 0\r\n+OK 0 messages (0 octets)\r\n.\r\n"
		   "+OK 0 messages (0 octets)\r\n.\r\n"
		   "-ERR No such message\r\n+OK Bye\r\n");
}

/* 255 octets with CRLF are a command (RFC 2449 4), 256 are not. */
static void a_command_line_has_its_length(void **state)
{
	char script[600];

	(void)state;
	rig_empty_store();
	snprintf(script, sizeof(script),
		 "USER %0248d\r\nUSER %0249d\r\nQUIT\r\n", 0, 0);
	rig_expect(script, RIG_GREETING "+OK Now the password\r\n"
					"-ERR Line too long\r\n+OK Bye\r\n");
}

static void utf8_is_acknowledged_before_login_alone(void **state)
{
	(void)state;
	rig_empty_store();
	rig_expect("UTF8\r\n" RIG_LOGIN "UTF8\r\nQUIT\r\n",
		   RIG_GREETING "+OK UTF-8 it is\r\n" RIG_OPENED
				"-ERR Already logged in\r\n+OK Bye\r\n");
}

/* Whoever asks in vain may ask on: marks would be lost with the session. */
static void asking_for_what_is_not_there_is_no_fault(void **state)
{
	struct buf script;
	struct rig r;

	(void)state;
	three_messages();
	buf_init(&script, 4096);
	assert_true(buf_adds(&script, RIG_LOGIN "DELE 1\r\n"));
	for (int i = 0; i < 50; i++)
		assert_true(buf_adds(&script, "LIST 1\r\n"));
	assert_true(buf_adds(&script, "QUIT\r\n"));
	rig_init(&r);
	rig_run(&r, script.data);
	assert_int_equal(rig_store.removed, 1);
	rig_release(&r);
	buf_release(&script);
}

static void too_many_faults_end_the_session_and_delete_nothing(void **state)
{
	struct buf script;
	struct rig r;

	(void)state;
	three_messages();
	buf_init(&script, 4096);
	assert_true(buf_adds(&script, RIG_LOGIN "DELE 1\r\n"));
	for (int i = 0; i < 10; i++)
		assert_true(buf_adds(&script, "XYZZY\r\n"));
	assert_true(buf_adds(&script, "QUIT\r\n"));
	rig_init(&r);
	rig_run(&r, script.data);
	assert_non_null(
		strstr(r.client.heard.data, "-ERR Too many errors\r\n"));
	assert_null(strstr(r.client.heard.data, "bye"));
	assert_int_equal(rig_store.updates, 0);
	rig_expect_logged(&r, "outcome=refused reason=errors");
	rig_release(&r);
	buf_release(&script);
}

/* --- the end -------------------------------------------------------------- */

static const struct {
	const char *script;
	unsigned updates;
	size_t removed;
	const char *logged, *activity;
} ends[] = {
	{"", 0, 0, "messages=0 octets=0 outcome=dropped", "dropped"},
	{"QUIT\r\n", 1, 0, "messages=0 octets=0 outcome=idle", "idle"},
	{"NOOP\r\n", 0, 0, "outcome=dropped", "dropped"},
	{"DELE 1\r\nDELE 2\r\n", 0, 0, "messages=0 octets=0 outcome=dropped",
	 "dropped"},
	{"DELE 1\r\nDELE 2\r\nQUI", 0, 0, "outcome=dropped", "dropped"},
	{"DELE 1\r\nDELE 2\r\nQUIT", 0, 0, "outcome=dropped", "dropped"},
	{"DELE 1\r\nDELE 2\r\nQUIT\r\n", 1, 2,
	 "messages=0 octets=0 deleted=2 outcome=collected", "collected"},
	{"DELE 1\r\nRSET\r\nQUIT\r\n", 1, 0, "outcome=idle", "idle"},
	{"RETR 1\r\nRETR 2\r\nDELE 1\r\nQUIT\r\n", 1, 1,
	 "messages=2 octets=30 deleted=1 outcome=collected", "collected"},
	{"RETR 1\r\n", 0, 0, "messages=1 octets=13 outcome=dropped", "dropped"},
	/* A TOP that covers the whole message is a message fetched. */
	{"TOP 2 99999999\r\nTOP 2 1\r\nTOP 1 0\r\nQUIT\r\n", 1, 0,
	 "messages=2 octets=34 outcome=collected", "collected"},
};

static void quit_alone_deletes_and_every_end_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(ends); i++) {
		char script[300];
		struct rig r;

		three_messages();
		snprintf(script, sizeof(script), "%s%s", RIG_LOGIN,
			 ends[i].script);
		rig_init(&r);
		rig_run(&r, script);
		assert_int_equal(rig_store.updates, ends[i].updates);
		assert_int_equal(rig_store.removed, ends[i].removed);
		assert_int_equal(rig_store.records, !ends[i].updates);
		assert_string_equal(rig_store.activity, ends[i].activity);
		assert_false(r.client.locked_at_bye);
		rig_expect_logged(&r, ends[i].logged);
		rig_expect_logged(&r, "peer=192.0.2.7 tls=TLS1.3 "
				      "mailbox=" RIG_ID);
		rig_release(&r);
	}
}

static void quit_before_login_has_nothing_to_do(void **state)
{
	struct rig r;

	(void)state;
	three_messages();
	rig_init(&r);
	rig_run(&r, "USER " RIG_ID "\r\nQUIT\r\nNOOP\r\n");
	assert_string_equal(r.client.heard.data,
			    RIG_GREETING "+OK Now the password\r\n"
					 "+OK Bye\r\n");
	assert_int_equal(rig_store.updates + rig_store.records, 0);
	rig_expect_logged(&r, "outcome=idle");
	rig_release(&r);
}

/* Some collectors say QUIT and hang up before they could hear of it. */
static void quit_counts_though_nobody_hears_the_answer(void **state)
{
	struct rig r;

	(void)state;
	three_messages();
	rig_init(&r);
	r.client.hang_up = r.wait_for_hang_up = true;
	rig_run(&r, RIG_LOGIN "DELE 1\r\nDELE 3\r\nQUIT\r\n");
	assert_int_equal(rig_store.removed, 2);
	rig_expect_logged(&r, "deleted=2 outcome=collected");
	rig_release(&r);
}

static void what_could_not_be_deleted_is_told(void **state)
{
	struct rig r;

	(void)state;
	three_messages();
	rig_store.not_removable = 1;
	rig_init(&r);
	rig_run(&r, RIG_LOGIN "DELE 1\r\nDELE 3\r\nQUIT\r\n");
	assert_non_null(strstr(r.client.heard.data,
			       "-ERR [SYS/TEMP] Not all marked messages "
			       "could be deleted\r\n"));
	rig_expect_logged(&r, "<3>");
	rig_expect_logged(&r, "deleted=1 outcome=tempfail reason=delete");
	rig_release(&r);
}

/* RFC 1939 3: the autologout timer closes without a response. */
static void a_silent_client_is_left_silently(void **state)
{
	struct rig r;

	(void)state;
	three_messages();
	rig_init(&r);
	r.conf.limits.command_timeout = 1;
	r.client.stay = true;
	rig_run(&r, "CAPA\r\nNOOP");
	assert_string_equal(r.client.heard.data, RIG_GREETING CAPA_HEAD
			    "USER\r\nSASL PLAIN LOGIN\r\n" CAPA_TAIL);
	rig_expect_logged(&r, "outcome=timeout");
	rig_release(&r);
}

static double logged_seconds(const struct rig *r)
{
	const char *at = strstr(r->log.data, " seconds=");

	assert_non_null(at);
	return strtod(at + strlen(" seconds="), NULL);
}

/* The session's own limit ends it as well, and marks go with it. */
static void a_session_has_its_length(void **state)
{
	static const char *const scripts[] = {"CAPA\r\n",
					      RIG_LOGIN "DELE 1\r\n"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(scripts); i++) {
		struct rig r;

		three_messages();
		rig_init(&r);
		r.conf.limits.session_max = 1;
		r.client.stay = true;
		rig_run(&r, scripts[i]);
		assert_int_equal(rig_store.updates, 0);
		rig_expect_logged(&r, "outcome=timeout");
		assert_true(logged_seconds(&r) < 15);
		rig_release(&r);
	}
}

/* One that is worked in has it anew with every message. */
static void a_session_that_gets_on_may_go_on(void **state)
{
	struct rig r;

	(void)state;
	three_messages();
	rig_store.slow_ms = 1800;
	rig_init(&r);
	r.conf.limits.session_max = 3;
	rig_run_in_turn(&r,
			(const char *[]){RIG_LOGIN, "RETR 1\r\n", "RETR 2\r\n",
					 "DELE 1\r\n", "QUIT\r\n", NULL});
	assert_int_equal(rig_store.removed, 1);
	rig_expect_logged(&r, "messages=2 octets=30 deleted=1");
	rig_release(&r);
}

/* RFC 1939 3: once logged in, a client may think for ten minutes. */
static void who_is_logged_in_has_more_time(void **state)
{
	struct rig r;

	(void)state;
	three_messages();
	rig_init(&r);
	r.conf.limits.command_timeout = 1;
	r.conf.limits.session_max = 2;
	r.client.stay = true;
	rig_run(&r, RIG_LOGIN);
	rig_expect_logged(&r, "outcome=timeout");
	assert_true(logged_seconds(&r) > 1.5);
	rig_release(&r);
}

/* Each read of a SEQPACKET socket is one write at the other end. */
static void
a_hundred_pipelined_commands_are_answered_in_one_record(void **state)
{
	struct buf script, heard;
	struct rig r;

	(void)state;
	rig_empty_store();
	buf_init(&script, 4096);
	buf_init(&heard, 16 * 1024);
	assert_true(buf_adds(&script, RIG_LOGIN));
	assert_true(buf_adds(&heard, RIG_GREETING RIG_OPENED));
	for (int i = 1; i <= 100; i++) {
		rig_add_text("a: b\r\n\r\nc\r\n");
		assert_true(buf_addf(&script, "RETR %d\r\n", i));
		assert_true(buf_adds(&heard, "+OK 11 octets\r\na: b\r\n\r\n"
					     "c\r\n.\r\n"));
	}
	assert_true(buf_adds(&script, "QUIT\r\n"));
	assert_true(buf_adds(&heard, "+OK Bye\r\n"));
	rig_init(&r);
	r.socket_type = SOCK_SEQPACKET;
	rig_run(&r, script.data);
	assert_string_equal(r.client.heard.data, heard.data);
	/*
	 * The greeting, the 100 messages, and the answer to QUIT: it waits for
	 * nothing but the messages, which must have left before it acts.
	 */
	assert_int_equal(r.client.reads, 3);
	rig_release(&r);
	buf_release(&script);
	buf_release(&heard);
}

static void every_reply_is_one_record(void **state)
{
	struct rig r;

	(void)state;
	three_messages();
	rig_init(&r);
	r.socket_type = SOCK_SEQPACKET;
	rig_run_in_turn(&r, (const char *[]){
				    "USER " RIG_ID "\r\n",
				    "PASS " RIG_PASSWORD "\r\n",
				    "STAT\r\n",
				    "LIST\r\n",
				    "UIDL\r\n",
				    "RETR 2\r\n",
				    "TOP 2 1\r\n",
				    "DELE 2\r\n",
				    "QUIT\r\n",
				    NULL,
			    });
	assert_int_equal(r.client.reads, 1 + 9);
	rig_release(&r);
}

/* --- turned away ------------------------------------------------------------
 */

static void who_is_one_too_many_is_told(void **state)
{
	char runtime[TEST_DIR_SIZE];
	struct rig r;

	(void)state;
	test_dir_make(runtime);
	rig_empty_store();
	rig_init(&r);
	r.conf.runtime = runtime;
	r.conf.pop3_serve.max_sessions = 0; /* all that there are are taken */
	rig_run(&r, RIG_LOGIN);
	assert_string_equal(
		r.client.heard.data, RIG_GREETING
		"+OK Now the password\r\n"
		"-ERR [SYS/TEMP] Too many sessions, try again later\r\n");
	assert_int_equal(rig_store.logins, 0);
	rig_expect_logged(&r, "outcome=tempfail reason=sessions");
	rig_release(&r);
	test_dir_remove(runtime);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities_are_what_can_be_used_now),
		cmocka_unit_test(stls_is_refused_where_it_makes_no_sense),
		cmocka_unit_test(stls_without_a_certificate_is_refused_for_now),
		cmocka_unit_test(
			what_is_pipelined_behind_stls_ends_the_session),
		cmocka_unit_test(a_mailbox_is_listed_marked_and_unmarked),
		cmocka_unit_test(an_empty_mailbox_is_listed_too),
		cmocka_unit_test(a_command_line_has_its_length),
		cmocka_unit_test(utf8_is_acknowledged_before_login_alone),
		cmocka_unit_test(asking_for_what_is_not_there_is_no_fault),
		cmocka_unit_test(
			too_many_faults_end_the_session_and_delete_nothing),
		cmocka_unit_test(quit_alone_deletes_and_every_end_is_told),
		cmocka_unit_test(quit_before_login_has_nothing_to_do),
		cmocka_unit_test(quit_counts_though_nobody_hears_the_answer),
		cmocka_unit_test(what_could_not_be_deleted_is_told),
		cmocka_unit_test(a_silent_client_is_left_silently),
		cmocka_unit_test(a_session_has_its_length),
		cmocka_unit_test(a_session_that_gets_on_may_go_on),
		cmocka_unit_test(who_is_logged_in_has_more_time),
		cmocka_unit_test(
			a_hundred_pipelined_commands_are_answered_in_one_record),
		cmocka_unit_test(every_reply_is_one_record),
		cmocka_unit_test(who_is_one_too_many_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
