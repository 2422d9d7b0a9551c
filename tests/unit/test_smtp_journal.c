/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SMTP receiver before a store that fails: every failure, in every place,
 * is answered with the class it deserves, acknowledges nothing, and leaves
 * nothing open. Whole dialogues with a real store are in tests/chat.
 */
#include "common/base.h"
#include "tests/unit/smtp_rig.h"

#define HELLO	 "EHLO mx.example\r\n"
#define SENDER	 "MAIL FROM:<a@x>\r\n"
#define TO_A	 "RCPT TO:<" RIG_A "@y>\r\n"
#define TO_B	 "RCPT TO:<" RIG_B "@y>\r\n"
#define ENVELOPE HELLO SENDER TO_A
#define TEXT	 "Subject: x\r\n\r\ntext\r\n"
/* What the rig says is the digest of its first and its second delivery. */
#define EIGHT(x)    x x x x x x x x
#define DIGEST_OF_1 EIGHT("31313131")
#define DIGEST_OF_2 EIGHT("32323232")
#define MESSAGE	    "DATA\r\n" TEXT ".\r\n"

/* The last line the session said. */
static const char *last_line(const struct rig *r)
{
	const char *end = r->heard.data + r->heard.len;
	const char *p;

	assert_true(r->heard.len > 2);
	p = end - 2;
	while (p > r->heard.data && p[-1] != '\n')
		p--;
	return p;
}

static void expect_last(const struct rig *r, const char *start)
{
	if (strncmp(last_line(r), start, strlen(start)) != 0)
		fail_msg("expected %s, got %s", start, last_line(r));
}

static void expect_log(const struct rig *r, const char *text)
{
	if (!strstr(r->log.data, text))
		fail_msg("expected %s in the log:\n%s", text, r->log.data);
}

/* --- one failure each ----------------------------------------------------- */

static void no_store(void)
{
	rig_store.open_fails = ERR_TEMP;
}

static void disk_full(void)
{
	rig_store.room = 5000;
}

static void mailbox_broken(void)
{
	rig_store.mailboxes[0].open_fails = ERR_CONFIG;
}

static void mailbox_locked(void)
{
	rig_store.mailboxes[0].hold_fails = ERR_BUSY;
}

static void mailbox_deleted(void)
{
	rig_store.mailboxes[0].hold_fails = ERR_ABSENT;
}

static void mailbox_suspended(void)
{
	rig_store.mailboxes[0].conf.suspended = true;
}

static void begin_full(void)
{
	rig_store.mailboxes[0].begin_fails = ERR_FULL;
}

static void begin_absent(void)
{
	rig_store.mailboxes[0].begin_fails = ERR_ABSENT;
}

static void second_begin(void)
{
	rig_store.mailboxes[1].begin_fails = ERR_TEMP;
}

static void trace_full(void)
{
	rig_store.mailboxes[0].write_fails_at = 40;
}

static void write_full(void)
{
	rig_store.mailboxes[0].write_fails_at = 300;
}

static void commit_temp(void)
{
	rig_store.mailboxes[0].commit_fails = ERR_TEMP;
}

static void commit_full(void)
{
	rig_store.mailboxes[0].commit_fails = ERR_FULL;
}

static void second_commit(void)
{
	rig_store.mailboxes[1].commit_fails = ERR_TEMP;
}

#define LONG_TEXT                                                              \
	"0123456789012345678901234567890123456789012345678901234567890123\r\n" \
	"0123456789012345678901234567890123456789012345678901234567890123\r\n" \
	"0123456789012345678901234567890123456789012345678901234567890123\r\n" \
	"0123456789012345678901234567890123456789012345678901234567890123\r\n"

static const struct failure {
	void (*happens)(void);
	const char *script, *last, *outcome;
	size_t kept;
} failures[] = {
	{no_store, ENVELOPE, "451 4.3.0", "tempfail reason=store", 0},
	{no_store, HELLO SENDER "RCPT TO:<nobody@y>\r\n", "451 4.3.0",
	 "tempfail reason=store", 0},
	{disk_full, HELLO "MAIL FROM:<a@x> SIZE=900\r\n", "452 4.3.1",
	 "tempfail reason=disk", 0},
	{mailbox_broken, ENVELOPE, "451 4.3.0", "tempfail reason=store", 0},
	{mailbox_locked, ENVELOPE, "451 4.3.0", "tempfail reason=store", 0},
	{mailbox_deleted, ENVELOPE, "550 5.1.1",
	 "refused reason=unknown-mailbox", 0},
	{mailbox_suspended, ENVELOPE, "450 4.2.1", "refused reason=suspended",
	 0},
	{begin_full, ENVELOPE "DATA\r\n", "452 4.3.1", "tempfail reason=disk",
	 0},
	{begin_absent, ENVELOPE "DATA\r\n", "451 4.3.0",
	 "tempfail reason=store", 0},
	{begin_full, ENVELOPE "BDAT 3\r\nabcBDAT 3 LAST\r\ndef", "452 4.3.1",
	 "tempfail reason=disk", 0},
	{second_begin, ENVELOPE TO_B "DATA\r\n", "451 4.3.0",
	 "tempfail reason=store", 0},
	{trace_full, ENVELOPE "DATA\r\n", "452 4.3.1", "tempfail reason=disk",
	 0},
	{write_full, ENVELOPE "DATA\r\n" LONG_TEXT ".\r\n", "452 4.3.1",
	 "tempfail reason=disk", 0},
	{write_full, ENVELOPE TO_B "DATA\r\n" LONG_TEXT ".\r\n", "452 4.3.1",
	 "tempfail reason=disk", 0},
	{write_full,
	 ENVELOPE "BDAT 264\r\n" LONG_TEXT "BDAT 3 LAST\r\nxyzNOOP\r\n",
	 "250 2.0.0 OK", "tempfail reason=disk", 0},
	{commit_temp, ENVELOPE MESSAGE, "451 4.3.0", "tempfail reason=store",
	 0},
	{commit_full, ENVELOPE MESSAGE, "452 4.3.1", "tempfail reason=disk", 0},
	/* The first copy stays: nothing is undone, and the retry doubles it. */
	{second_commit, ENVELOPE TO_B MESSAGE, "451 4.3.0",
	 "tempfail reason=store", 1},
	{commit_temp, ENVELOPE TO_B MESSAGE, "451 4.3.0",
	 "tempfail reason=store", 0},
};

static void every_failure_has_its_answer(void **state)
{
	struct rig r;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(failures); i++) {
		char outcome[64];

		rig_init(&r);
		failures[i].happens();
		rig_run(&r, failures[i].script);
		expect_last(&r, failures[i].last);
		snprintf(outcome, sizeof(outcome), " outcome=%s ",
			 failures[i].outcome);
		expect_log(&r, outcome);
		assert_null(strstr(r.heard.data, "Kept as"));
		assert_int_equal(rig_store.n_kept, failures[i].kept);
		rig_release(&r);
	}
}

/*
 * The whole of what is pipelined is read, and a chunk behind a refused one is
 * refused alike: a part must never pass for the whole.
 */
static void a_refused_chunk_refuses_the_next(void **state)
{
	struct rig r;

	(void)state;
	for (int once = 0; once <= 1; once++) {
		rig_init(&r);
		begin_full();
		rig_store.mailboxes[0].begin_fails_once = once;
		rig_run(&r, ENVELOPE "BDAT 3\r\nabcBDAT 4\r\nNOOP"
				     "BDAT 3 LAST\r\ndefNOOP\r\n");
		assert_non_null(strstr(r.heard.data, "452 4.3.1 No room now\r\n"
						     "452 4.3.1 No room now\r\n"
						     "452 4.3.1 No room now\r\n"
						     "250 2.0.0 OK\r\n"));
		assert_int_equal(rig_store.n_kept, 0);
		rig_release(&r);
	}
}

/* --- what is kept --------------------------------------------------------- */

static void a_message_is_kept_with_its_trace(void **state)
{
	static const char start[] =
		"Return-Path: <a@x>\r\nDelivered-To: " RIG_A "@mail.example\r\n"
		"X-Envelope-To: <" RIG_A "@y>\r\n"
		"X-Envelope-To: <" RIG_A "+b@z>\r\n\t(ORCPT=rfc822;b@z)\r\n"
		"Received: from mx.example ([192.0.2.7])\r\n"
		"\tby gw.example (Restante) with ESMTPS\r\n\t(TLS1.3)\r\n"
		"\tid 01JD0000000000000000000001; ";
	struct rig r;
	const char *text;

	(void)state;
	rig_init(&r);
	rig_run(&r,
		ENVELOPE "RCPT TO:<" RIG_A
			 "+b@z> ORCPT=rfc822;b@z\r\n" TO_B MESSAGE "QUIT\r\n");
	assert_int_equal(rig_store.n_kept, 2);
	text = rig_store.kept[0].text.data;
	assert_memory_equal(text, start, strlen(start));
	text = strstr(text + strlen(start), "\r\n");
	assert_string_equal(text + 2, TEXT);
	/* The other copy tells nothing of the first one's recipients. */
	assert_null(strstr(rig_store.kept[1].text.data, RIG_A));
	assert_non_null(strstr(rig_store.kept[1].text.data, RIG_B));
	assert_non_null(strstr(r.heard.data,
			       "250-2.0.0 Kept as 01JD0000000000000000000001 "
			       "sha256:" DIGEST_OF_1 "\r\n"
			       "250 2.0.0 Kept as 01JD0000000000000000000002 "
			       "sha256:" DIGEST_OF_2 "\r\n221 2.0.0"));
	expect_log(&r, "peer=192.0.2.7 tls=TLS1.3 mailbox=" RIG_A
		       " mailboxes=2 messages=1 octets=20 outcome=kept "
		       "seconds=");
	assert_int_equal(r.outcome, OUTCOME_KEPT);
	rig_release(&r);
}

static const struct {
	const char *data, *kept; /* behind the trace header */
	unsigned flags;
} bodies[] = {
	{TEXT, TEXT, 0},
	{"", "\r\n", 0},
	{"\r\ntext\r\n", "\r\ntext\r\n", 0},
	{"text\r\n", "\r\ntext\r\n", 0},
	{"From a@x Mon\r\nSubject: x\r\n",
	 "X-Restante-Before-Header:\tFrom%20a@x%20Mon%0D%0A\r\n"
	 "Subject: x\r\n",
	 MESSAGE_NORMALISED},
	{" folded: x\r\n", "\r\n folded: x\r\n", 0},
	{"Subject : x\r\n", "Subject : x\r\n", 0},
	{"A: b\nc\rd\r\n", "A: b\r\nc d\r\n", MESSAGE_NORMALISED},
	{"..\r\n..A: b\r\n", "\r\n.\r\n.A: b\r\n", 0},
	{"A: b\r\n\n.\n\r\n", "A: b\r\n\r\n.\r\n\r\n", MESSAGE_NORMALISED},
};

static const char *behind_trace(const struct rig_message *m)
{
	const char *p = strstr(m->text.data, "\tid 01JD");

	assert_non_null(p);
	return strstr(p, "\r\n") + 2;
}

static void data_is_kept_octet_by_octet(void **state)
{
	struct rig r;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bodies); i++) {
		char script[1000];

		rig_init(&r);
		snprintf(script, sizeof(script), ENVELOPE "DATA\r\n%s.\r\n",
			 bodies[i].data);
		rig_run(&r, script);
		assert_int_equal(rig_store.n_kept, 1);
		assert_string_equal(behind_trace(&rig_store.kept[0]),
				    bodies[i].kept);
		assert_int_equal(rig_store.kept[0].flags, bodies[i].flags);
		rig_release(&r);
	}
}

static void chunks_are_one_message(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_run(&r, ENVELOPE "BDAT 7\r\nA: b\r\n\rBDAT 2\r\n\n.BDAT 0\r\n"
			     "BDAT 5 LAST\r\n\r\nend" MESSAGE);
	assert_int_equal(rig_store.n_kept, 1);
	assert_string_equal(behind_trace(&rig_store.kept[0]),
			    "A: b\r\n\r\n.\r\nend\r\n");
	assert_int_equal(rig_store.kept[0].flags, MESSAGE_NORMALISED);
	/* DATA without MAIL, and more behind it: the session ends. */
	expect_last(&r, "421 4.5.0");
	rig_release(&r);
}

static void run_hops(struct rig *r, unsigned n)
{
	static const char field[] = "Received: x\r\n";
	struct buf script;

	buf_init(&script, RIG_TEXT_MAX);
	assert_true(buf_adds(&script, ENVELOPE "DATA\r\n"));
	for (unsigned i = 0; i < n; i++)
		assert_true(buf_adds(&script, field));
	assert_true(buf_adds(&script, "\r\nReceived: y\r\n.\r\nNOOP\r\n"));
	r->conf.smtp_journal.max_size = 100000;
	rig_run(r, script.data);
	buf_release(&script);
}

static void a_loop_ends_at_a_hundred_hops(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	run_hops(&r, 99);
	assert_int_equal(rig_store.n_kept, 1);
	rig_release(&r);
	rig_init(&r);
	run_hops(&r, 100);
	assert_int_equal(rig_store.n_kept, 0);
	assert_non_null(strstr(r.heard.data, "554 5.4.6 Too many Received "
					     "fields: a loop\r\n250 2.0.0"));
	expect_log(&r, "outcome=refused reason=loop");
	rig_release(&r);
}

static const struct {
	const char *command;
	size_t n;
	const char *answer;
} sizes[] = {
	{"DATA\r\n%s.\r\n", 1000, "250 2.0.0 Kept"},
	{"DATA\r\n%s.\r\n", 1001, "552 5.3.4"},
	{"BDAT 1000 LAST\r\n%s", 1000, "250 2.0.0 Kept"},
	{"BDAT 1001 LAST\r\n%s", 1001, "552 5.3.4"},
	{"BDAT 999\r\n%sBDAT 1 LAST\r\nx", 999, "250 2.0.0 Kept"},
	{"BDAT 999\r\n%sBDAT 2 LAST\r\nxx", 999, "552 5.3.4"},
	{"BDAT 1001\r\n%sBDAT 0 LAST\r\n", 1001, "552 5.3.4"},
};

static void the_size_limit_is_exact(void **state)
{
	char body[1100], script[1400];
	struct rig r;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		size_t n = sizes[i].n;
		int used;

		memset(body, 'x', n);
		memcpy(body + n - 2, "\r\n", 3);
		used = snprintf(script, sizeof(script), ENVELOPE);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(script + used, sizeof(script) - (size_t)used,
			 sizes[i].command, body);
#pragma GCC diagnostic pop
		rig_init(&r);
		rig_run(&r, script);
		expect_last(&r, sizes[i].answer);
		rig_release(&r);
	}
}

/* --- the account and the log ------------------------------------------------
 */

static void each_mailbox_is_accounted_for_once(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_store.account_fails = ERR_BUSY;
	rig_run(&r, ENVELOPE MESSAGE SENDER TO_A TO_B MESSAGE "QUIT\r\n");
	assert_int_equal(rig_store.n_kept, 3);
	assert_int_equal(rig_store.mailboxes[0].accounts, 1);
	assert_int_equal(rig_store.mailboxes[0].activity.messages, 2);
	assert_int_equal(rig_store.mailboxes[0].activity.octets, 40);
	assert_string_equal(rig_store.mailboxes[0].activity.outcome, "kept");
	assert_int_equal(rig_store.mailboxes[1].accounts, 1);
	assert_int_equal(rig_store.mailboxes[1].activity.messages, 1);
	expect_log(&r, "somebody is in it");
	/* Which is nobody's fault. */
	assert_int_equal(r.outcome, OUTCOME_KEPT);
	rig_release(&r);
}

static const struct {
	const char *script, *outcome;
} ends[] = {
	{"", "outcome=idle seconds"},
	{HELLO, "outcome=idle seconds"},
	{"QUIT\r\n", "outcome=idle seconds"},
	{HELLO SENDER, "outcome=dropped seconds"},
	{ENVELOPE, "outcome=dropped seconds"},
	{ENVELOPE "DATA\r\nSubj", "outcome=dropped seconds"},
	{ENVELOPE "BDAT 10\r\nSubj", "outcome=dropped seconds"},
	{ENVELOPE MESSAGE, "outcome=kept seconds"},
	{ENVELOPE MESSAGE SENDER, "outcome=dropped seconds"},
	{ENVELOPE MESSAGE SENDER "RCPT TO:<nobody@y>\r\nQUIT\r\n",
	 "outcome=refused reason=unknown-mailbox seconds"},
	{"X\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\n",
	 "outcome=refused reason=errors seconds"},
};

static void every_end_has_its_outcome(void **state)
{
	struct rig r;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(ends); i++) {
		rig_init(&r);
		rig_run(&r, ends[i].script);
		expect_log(&r, ends[i].outcome);
		rig_release(&r);
	}
}

/* --- who may -------------------------------------------------------------- */

static struct network here = {.address = {192, 0, 2, 0}, .bits = 24};
static struct network elsewhere = {.address = {198, 51, 100, 0}, .bits = 24};

static void networks_are_checked_for_all_and_for_one(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.conf.smtp_journal.allow_from =
		(struct conf_networks){.list = &elsewhere, .n = 1};
	rig_run(&r, HELLO SENDER);
	expect_last(&r, "450 4.7.1");
	rig_release(&r);

	rig_init(&r);
	r.conf.smtp_journal.allow_from =
		(struct conf_networks){.list = &here, .n = 1};
	rig_store.mailboxes[0].conf.allow_from =
		(struct conf_networks){.list = &elsewhere, .n = 1};
	rig_run(&r, ENVELOPE "DATA\r\n");
	assert_non_null(strstr(r.heard.data, "450 4.7.1 Not from"));
	/* Refused for now, all of it. */
	expect_last(&r, "451 4.5.1");
	expect_log(&r, "outcome=refused reason=network");
	rig_release(&r);
}

static void names_need_a_certificate(void **state)
{
	char *names[] = {(char[]){"mx.example"}};
	struct rig r;

	(void)state;
	rig_init(&r);
	r.conf.smtp_journal.client_names =
		(struct conf_strings){.list = names, .n = 1};
	rig_run(&r, HELLO SENDER);
	expect_last(&r, "450 4.7.1");
	expect_log(&r, "reason=client-certificate");
	rig_release(&r);
}

static void without_tls_nothing_is_taken_and_nothing_is_lost(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.peer.tls = false;
	rig_run(&r, ENVELOPE "DATA\r\n");
	assert_non_null(strstr(r.heard.data, "450 4.7.0 Only under TLS: "
					     "STARTTLS first\r\n"
					     "450 4.7.0 Only"));
	expect_last(&r, "450 4.7.0");
	expect_log(&r, "tls=none messages=0 octets=0 outcome=refused "
		       "reason=tls-required");
	rig_release(&r);

	/* The octets of a chunk are no commands all the same. */
	rig_init(&r);
	r.peer.tls = false;
	rig_run(&r, HELLO SENDER TO_A "BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n");
	expect_last(&r, "250 2.0.0 OK");
	rig_release(&r);

	rig_init(&r);
	r.peer.tls = false;
	r.conf.smtp_journal.plaintext_from =
		(struct conf_networks){.list = &here, .n = 1};
	rig_run(&r, ENVELOPE MESSAGE);
	assert_int_equal(rig_store.n_kept, 1);
	assert_non_null(strstr(rig_store.kept[0].text.data, "with ESMTP\r\n"));
	rig_release(&r);
}

static void postmaster_goes_where_the_settings_say(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_run(&r, HELLO SENDER "RCPT TO:<postmaster>\r\n");
	expect_last(&r, "550 5.1.1");
	rig_release(&r);

	rig_init(&r);
	r.conf.postmaster = (char[]){"MBX-000000000000000000000000000000BB"};
	rig_run(&r, HELLO SENDER "RCPT TO:<Postmaster>\r\n" MESSAGE);
	assert_int_equal(rig_store.n_kept, 1);
	assert_string_equal(rig_store.kept[0].id, RIG_B);
	rig_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failure_has_its_answer),
		cmocka_unit_test(a_refused_chunk_refuses_the_next),
		cmocka_unit_test(a_message_is_kept_with_its_trace),
		cmocka_unit_test(data_is_kept_octet_by_octet),
		cmocka_unit_test(chunks_are_one_message),
		cmocka_unit_test(a_loop_ends_at_a_hundred_hops),
		cmocka_unit_test(the_size_limit_is_exact),
		cmocka_unit_test(each_mailbox_is_accounted_for_once),
		cmocka_unit_test(every_end_has_its_outcome),
		cmocka_unit_test(networks_are_checked_for_all_and_for_one),
		cmocka_unit_test(names_need_a_certificate),
		cmocka_unit_test(
			without_tls_nothing_is_taken_and_nothing_is_lost),
		cmocka_unit_test(postmaster_goes_where_the_settings_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
