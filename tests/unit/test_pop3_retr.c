/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RETR and TOP: every message, cut into every chunk, comes out octet for octet;
 * TOP is compared with a naive reading of RFC 1939; and whatever fails, no
 * message that is not whole ends in its final dot.
 */
#include "common/base.h"

#include "handlers/pop3/top.h"
#include "tests/unit/pop3_rig.h"

#define TEXT(text) (text), sizeof(text) - 1

static const struct sample {
	const char *bytes;
	size_t n;
} samples[] = {
	{TEXT("Subject: a\r\n\r\nbody\r\n")},
	{TEXT("Subject: a\r\n\r\n.\r\n..\r\n.x\r\n...\r\n.\r\n")},
	{TEXT(".first: a\r\n\r\n.\r\n")},
	{TEXT("Subject: no body\r\n\r\n")},
	{TEXT("Subject: no separator\r\nTo: x\r\n")},
	{TEXT("\r\nno header\r\n\r\nmore\r\n")},
	{TEXT("\r\n")},
	{TEXT("\r\n\r\n\r\n\r\n")},
	{TEXT("")},
	{TEXT("a: b\r\n\r\nl1\r\nl2\r\n\r\nl4\r\n.l5\r\n")},
	{TEXT("a: b\r\n\r\nN\0UL\xff\x80\r\n.\0\r\n\0\0\r\n")},
	{TEXT("a: b\r\n\r\nno line end")},
	{TEXT("a: b\r\n\r\nends in a dot\r\n.")},
	{TEXT("a: b\r\n \r\n\t\r\n\r\n\r\n.\r\n")},
};

static const size_t chunks[] = {1, 2, 3, 5, 7, 64 * 1024};

/* The octets of a message up to what TOP shows of it, line by line. */
static size_t naive_top(const char *bytes, size_t n, uint64_t lines)
{
	bool body = false;
	size_t at = 0;

	while (at < n && (!body || lines)) {
		const char *lf = memchr(bytes + at, '\n', n - at);
		size_t next = lf ? (size_t)(lf - bytes) + 1 : n;

		if (body)
			lines--;
		else if (next - at == 2 && bytes[at] == '\r')
			body = true;
		at = next;
	}
	return at;
}

/* What a message must look like on the wire, octet by octet. */
static void naive_wire(const char *bytes, size_t n, struct buf *out)
{
	bool line_start = true;

	for (size_t i = 0; i < n; i++) {
		if (line_start && bytes[i] == '.')
			assert_true(buf_adds(out, "."));
		assert_true(buf_add(out, bytes + i, 1));
		line_start = bytes[i] == '\n' && i && bytes[i - 1] == '\r';
	}
	assert_true(buf_adds(out, line_start ? ".\r\n" : "\r\n.\r\n"));
}

static void assert_heard(const struct rig *r, const struct buf *wanted)
{
	assert_int_equal(r->client.heard.len, wanted->len);
	assert_memory_equal(r->client.heard.data, wanted->data, wanted->len);
}

static void every_message_comes_out_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(samples) * N_ELEMENTS(chunks); i++) {
		const struct sample *m = &samples[i % N_ELEMENTS(samples)];
		struct buf wanted;
		struct rig r;

		rig_empty_store();
		rig_store.chunk = chunks[i / N_ELEMENTS(samples)];
		rig_add(m->bytes, m->n);
		rig_init(&r);
		rig_run(&r, RIG_LOGIN "RETR 1\r\nQUIT\r\n");

		buf_init(&wanted, 4096);
		assert_true(buf_addf(&wanted, "%s%s+OK %zu octets\r\n",
				     RIG_GREETING, RIG_OPENED, m->n));
		naive_wire(m->bytes, m->n, &wanted);
		assert_true(buf_adds(&wanted, "+OK Bye\r\n"));
		assert_heard(&r, &wanted);
		buf_release(&wanted);
		rig_release(&r);
	}
}

static void check_top(const struct sample *m, size_t chunk, const char *lines,
		      uint64_t count)
{
	char script[200];
	struct buf wanted;
	struct rig r;

	rig_empty_store();
	rig_store.chunk = chunk;
	rig_add(m->bytes, m->n);
	rig_init(&r);
	snprintf(script, sizeof(script), RIG_LOGIN "TOP 1 %s\r\nQUIT\r\n",
		 lines);
	rig_run(&r, script);

	buf_init(&wanted, 4096);
	assert_true(buf_addf(&wanted, "%s%s+OK Top of message follows\r\n",
			     RIG_GREETING, RIG_OPENED));
	naive_wire(m->bytes, naive_top(m->bytes, m->n, count), &wanted);
	assert_true(buf_adds(&wanted, "+OK Bye\r\n"));
	assert_heard(&r, &wanted);
	buf_release(&wanted);
	rig_release(&r);
}

/* None, some, exactly all, more than there are; and fetchmail's all of it. */
static void top_shows_header_and_so_many_lines(void **state)
{
	static const char *const counts[] = {
		"0",	      "1", "2",	       "4",
		"5",	      "6", "99999999", "18446744073709551615",
		"0000000001",
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(samples); i++)
		for (size_t k = 0; k < N_ELEMENTS(counts); k++)
			for (size_t j = 0; j < N_ELEMENTS(chunks); j += 2)
				check_top(&samples[i], chunks[j], counts[k],
					  strtoull(counts[k], NULL, 10));
}

/* The pure filter, at every split of every sample. */
static void top_does_not_care_where_chunks_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(samples); i++) {
		const uint8_t *bytes = (const uint8_t *)samples[i].bytes;
		size_t n = samples[i].n;

		for (uint64_t lines = 0; lines < 7; lines++) {
			size_t wanted = naive_top(samples[i].bytes, n, lines);

			for (size_t cut = 0; cut <= n; cut++) {
				struct pop3_top t;
				size_t taken;

				pop3_top_init(&t, lines);
				taken = pop3_top_take(&t, bytes, cut);
				taken +=
					pop3_top_take(&t, bytes + cut, n - cut);
				assert_int_equal(taken, wanted);
			}
		}
	}
}

static void what_top_needs_is_two_numbers(void **state)
{
	static const char *const bad[] = {
		"TOP 1",
		"TOP 1 ",
		"TOP 1 x",
		"TOP 1 -1",
		"TOP x 1",
		"TOP  1 1",
		"TOP 1  1",
		"TOP 1 1 1",
		"TOP 1 1x",
		"TOP +1 1",
		"TOP 1 18446744073709551616",
		"TOP -1 0",
		"TOP 0x1 0",
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		char script[200];
		struct rig r;

		rig_empty_store();
		rig_add_text("a: b\r\n\r\nc\r\n");
		rig_init(&r);
		snprintf(script, sizeof(script), RIG_LOGIN "%s\r\nQUIT\r\n",
			 bad[i]);
		rig_run(&r, script);
		if (!strstr(r.client.heard.data, "-ERR "))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(rig_store.chunks_lent, 0);
		rig_release(&r);
	}
}

static void a_line_may_be_as_long_as_it_likes(void **state)
{
	static char text[100 * 1024];
	struct buf wanted;
	struct rig r;

	(void)state;
	memset(text, '.', sizeof(text));
	memcpy(text, "a: b\r\n\r\n", 8);
	memcpy(text + sizeof(text) - 2, "\r\n", 2);
	rig_empty_store();
	rig_add(text, sizeof(text));
	rig_init(&r);
	rig_run(&r, RIG_LOGIN "RETR 1\r\nQUIT\r\n");

	buf_init(&wanted, 2 * sizeof(text));
	assert_true(buf_addf(&wanted, "%s%s+OK %zu octets\r\n", RIG_GREETING,
			     RIG_OPENED, sizeof(text)));
	naive_wire(text, sizeof(text), &wanted);
	assert_true(buf_adds(&wanted, "+OK Bye\r\n"));
	assert_heard(&r, &wanted);
	buf_release(&wanted);
	rig_release(&r);
}

static const struct {
	enum err_kind kind;
	const char *reply;
} refusals[] = {
	{ERR_DAMAGED,
	 "-ERR [SYS/PERM] Message 1 is damaged and stays here\r\n"},
	{ERR_ABSENT, "-ERR [SYS/PERM] This message is gone\r\n"},
	{ERR_TEMP, "-ERR [SYS/TEMP] This message cannot be read now\r\n"},
	{ERR_FULL, "-ERR [SYS/TEMP] This message cannot be read now\r\n"},
};

/* Asked for more often than faults are forgiven: it is not the client's. */
static void what_does_not_open_is_refused_and_the_rest_comes(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(refusals); i++) {
		struct buf script, wanted;
		struct rig r;

		rig_empty_store();
		rig_add_text("a: b\r\n\r\none\r\n");
		rig_add_text("a: b\r\n\r\ntwo\r\n");
		rig_store.list[0].open_fails = refusals[i].kind;

		buf_init(&script, 4096);
		buf_init(&wanted, 4096);
		assert_true(buf_adds(&script, RIG_LOGIN));
		assert_true(buf_adds(&wanted, RIG_GREETING RIG_OPENED));
		for (int k = 0; k < 20; k++) {
			assert_true(buf_adds(&script, k % 2 ? "TOP 1 0\r\n"
							    : "RETR 1\r\n"));
			assert_true(buf_adds(&wanted, refusals[i].reply));
		}
		assert_true(buf_adds(&script, "RETR 2\r\nQUIT\r\n"));
		assert_true(buf_adds(&wanted, "+OK 13 octets\r\na: b\r\n\r\n"
					      "two\r\n.\r\n+OK Bye\r\n"));
		rig_init(&r);
		rig_run(&r, script.data);
		assert_heard(&r, &wanted);
		rig_expect_logged(&r, "<3>");
		rig_expect_logged(&r, "messages=1 octets=13");
		rig_expect_logged(&r, "outcome=collected");
		rig_release(&r);
		buf_release(&script);
		buf_release(&wanted);
	}
}

static void damage_in_the_first_chunk_is_told_before_ok(void **state)
{
	(void)state;
	rig_empty_store();
	rig_add_text("a: b\r\n\r\none\r\n");
	rig_store.list[0].next_fails_at = 1;
	rig_expect(RIG_LOGIN "RETR 1\r\nQUIT\r\n", RIG_GREETING RIG_OPENED
		   "-ERR [SYS/PERM] Message 1 is damaged and stays here\r\n"
		   "+OK Bye\r\n");
	assert_int_equal(rig_store.updates, 1);
}

/*
 * Neither what is buffered of it, nor a dot, nor an answer to what was
 * pipelined behind. What was answered before it arrives.
 */
static void damage_behind_ok_cuts_the_session(void **state)
{
	struct rig r;

	(void)state;
	rig_empty_store();
	rig_add_text("a: b\r\n\r\none\r\n");
	rig_add_text("a: b\r\n\r\ntwo\r\n");
	rig_store.chunk = 8;
	rig_store.list[0].next_fails_at = 2;
	rig_init(&r);
	rig_run(&r, RIG_LOGIN "DELE 2\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n");
	assert_string_equal(r.client.heard.data, RIG_GREETING RIG_OPENED
			    "+OK Marked for deletion\r\n");
	assert_int_equal(rig_store.updates, 0);
	rig_expect_logged(&r, "outcome=error reason=message");
	rig_expect_logged(&r, "messages=0 octets=0");
	assert_string_equal(rig_store.activity, "error");
	rig_release(&r);
}

/* TOP has all it wants before the chunk that does not open. */
static void top_reads_no_further_than_it_must(void **state)
{
	(void)state;
	rig_empty_store();
	rig_add_text("a: b\r\n\r\none\r\n");
	rig_store.chunk = 8;
	rig_store.list[0].next_fails_at = 2;
	rig_expect(RIG_LOGIN "TOP 1 0\r\nQUIT\r\n",
		   RIG_GREETING RIG_OPENED "+OK Top of message follows\r\n"
					   "a: b\r\n\r\n.\r\n+OK Bye\r\n");
}

enum { HUGE_CHUNKS = 4096 };

/* 256 MiB that nobody has to hold: one chunk, lent over and over. */
static void add_huge_message(void)
{
	static uint8_t lines[64 * 1024];
	struct rig_message *m;

	for (size_t i = 0; i < sizeof(lines); i++)
		lines[i] = i % 64 == 62 ? '\r' : i % 64 == 63 ? '\n' : 'x';
	m = rig_add(lines, sizeof(lines));
	m->public.octets = (uint64_t)HUGE_CHUNKS * sizeof(lines);
}

static void a_drop_in_the_middle_ends_the_work_and_deletes_nothing(void **state)
{
	struct rig r;

	(void)state;
	rig_empty_store();
	add_huge_message();
	rig_init(&r);
	r.client.stay = true;
	r.client.hang_up_at = 300 * 1024;
	rig_run(&r, RIG_LOGIN "DELE 1\r\nRSET\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n");
	assert_int_equal(rig_store.updates, 0);
	assert_in_range(rig_store.chunks_lent, 4, 100);
	rig_expect_logged(&r, "outcome=dropped");
	rig_expect_logged(&r, "messages=0 octets=0");
	assert_string_equal(rig_store.activity, "dropped");
	rig_release(&r);
}

static void a_client_that_reads_nothing_meets_a_deadline(void **state)
{
	struct rig r;

	(void)state;
	rig_empty_store();
	add_huge_message();
	rig_init(&r);
	r.conf.limits.data_timeout = 1;
	r.conf.limits.minimum_rate = 1024 * 1024 * 1024;
	r.client.deaf = true;
	rig_run(&r, RIG_LOGIN "RETR 1\r\nDELE 1\r\nQUIT\r\n");
	assert_int_equal(rig_store.updates, 0);
	rig_expect_logged(&r, "outcome=timeout");
	rig_release(&r);
}

/* What is pipelined behind a message counts only once the message has left. */
static void
quit_behind_a_message_that_could_not_leave_deletes_nothing(void **state)
{
	static char text[10 * 1024];
	struct rig r;

	(void)state;
	memset(text, 'x', sizeof(text));
	rig_empty_store();
	rig_add(text, sizeof(text));
	rig_init(&r);
	r.client.hang_up = r.wait_for_hang_up = true;
	rig_run(&r, RIG_LOGIN "RETR 1\r\nDELE 1\r\nQUIT\r\n");
	assert_int_equal(rig_store.updates, 0);
	rig_expect_logged(&r, "outcome=dropped");
	rig_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_comes_out_as_it_is),
		cmocka_unit_test(top_shows_header_and_so_many_lines),
		cmocka_unit_test(top_does_not_care_where_chunks_end),
		cmocka_unit_test(what_top_needs_is_two_numbers),
		cmocka_unit_test(a_line_may_be_as_long_as_it_likes),
		cmocka_unit_test(
			what_does_not_open_is_refused_and_the_rest_comes),
		cmocka_unit_test(damage_in_the_first_chunk_is_told_before_ok),
		cmocka_unit_test(damage_behind_ok_cuts_the_session),
		cmocka_unit_test(top_reads_no_further_than_it_must),
		cmocka_unit_test(
			a_drop_in_the_middle_ends_the_work_and_deletes_nothing),
		cmocka_unit_test(a_client_that_reads_nothing_meets_a_deadline),
		cmocka_unit_test(
			quit_behind_a_message_that_could_not_leave_deletes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
