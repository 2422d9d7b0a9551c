/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dispatcher with a protocol of its own: every rule, in its order, and
 * what it does with replies, faults and secrets. Replies are tested with it,
 * since nothing else writes them.
 */
#include "common/base.h"
#include "common/cmd.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/conn.h"

enum { IDLE, BUSY };
enum { I = 1u << IDLE, B = 1u << BUSY };

struct session {
	unsigned state;
	bool needs_tls;
	struct conn *conn;
	struct buf seen; /* "NAME(arg)" of all that ran */
	struct buf told; /* codes of all answers */
};

static const struct reply reply_ok = {"200", "1.0", "fine", 0};
static const struct reply reply_plain = {"201", "", "", 0};
static const struct reply reply_fault = {"500", "", "fault", REPLY_FAULT};
static const struct reply reply_end = {"299", "", "end", REPLY_CLOSE};
static const struct reply reply_unknown = {"501", "", "unknown", REPLY_FAULT};
static const struct reply reply_bad_line = {"502", "", "line", REPLY_FAULT};
static const struct reply reply_too_long = {"503", "", "long", REPLY_FAULT};
static const struct reply reply_pipelined = {"504", "", "behind", 0};
static const struct reply reply_need_tls = {"505", "", "tls", 0};
static const struct reply reply_state = {"506", "", "state", 0};
static const struct reply reply_no_arg = {"507", "", "no arg", 0};
static const struct reply reply_spare_arg = {"508", "", "spare arg", 0};
static const struct reply reply_rest = {"512", "", "rest",
					REPLY_FAULT | REPLY_CLOSE};
static const struct reply reply_faults = {"509", "", "faults", 0};
static const struct reply reply_timeout = {"510", "", "late", 0};
static const struct reply reply_why = {"511", "", "why", 0};

static const struct cmd_replies replies = {
	.unknown = &reply_unknown,
	.bad_line = &reply_bad_line,
	.too_long = &reply_too_long,
	.pipelined = &reply_pipelined,
	.need_tls = &reply_need_tls,
	.bad_state = &reply_state,
	.no_argument = &reply_no_arg,
	.spare_argument = &reply_spare_arg,
	.rest_of_secret = &reply_rest,
	.too_many_faults = &reply_faults,
	.timeout = &reply_timeout,
};

static const struct reply *run(struct session *s, const char *name,
			       const char *arg)
{
	assert_true(buf_addf(&s->seen, "%s(%s)", name, arg));
	return &reply_ok;
}

static const struct reply *run_none(void *session, const char *arg)
{
	return run(session, "NONE", arg);
}

static const struct reply *run_opt(void *session, const char *arg)
{
	return run(session, "OPT", arg);
}

static const struct reply *run_req(void *session, const char *arg)
{
	return run(session, "REQ", arg);
}

static const struct reply *run_busy(void *session, const char *arg)
{
	struct session *s = session;

	s->state = BUSY;
	run(s, "BUSY", arg);
	return &reply_plain;
}

static const struct reply *run_last(void *session, const char *arg)
{
	return run(session, "LAST", arg);
}

static const struct reply *run_secret(void *session, const char *arg)
{
	run(session, "SECRET", arg);
	return strcmp(arg, "wrong") == 0 ? &reply_fault : &reply_ok;
}

static const struct reply *run_fault(void *session UNUSED,
				     const char *arg UNUSED)
{
	return &reply_fault;
}

static const struct reply *run_self(void *session, const char *arg UNUSED)
{
	struct session *s = session;

	conn_printf(s->conn, "one\r\ntwo\r\n");
	return &reply_sent;
}

static const struct reply *run_gone(void *session UNUSED,
				    const char *arg UNUSED)
{
	return &reply_sent_close;
}

static const struct reply *run_end(void *session UNUSED, const char *arg UNUSED)
{
	return &reply_end;
}

static const struct cmd table[] = {
	{"NONE", I | B, CMD_ARG_NONE, 0, run_none},
	{"OPT", I | B, CMD_ARG_OPTIONAL, CMD_PRE_TLS, run_opt},
	{"REQ", I, CMD_ARG_REQUIRED, 0, run_req},
	{"BUSY", I, CMD_ARG_NONE, 0, run_busy},
	{"LAST", I, CMD_ARG_NONE, CMD_PRE_TLS | CMD_LAST, run_last},
	{"SECRET", I, CMD_ARG_OPTIONAL, CMD_SECRET | CMD_BASE64, run_secret},
	{"FAULT", I | B, CMD_ARG_NONE, 0, run_fault},
	{"SELF", I, CMD_ARG_NONE, 0, run_self},
	{"GONE", I, CMD_ARG_NONE, 0, run_gone},
	{"END", I | B, CMD_ARG_NONE, 0, run_end},
};

static unsigned state_of(const void *session)
{
	const struct session *s = session;

	return s->state;
}

static bool needs_tls(const void *session)
{
	const struct session *s = session;

	return s->needs_tls;
}

static const struct reply *explain(const void *session UNUSED,
				   const struct cmd *cmd)
{
	return strcmp(cmd->name, "BUSY") == 0 ? &reply_why : NULL;
}

static void answered(void *session, const struct cmd *cmd,
		     const struct reply *r)
{
	struct session *s = session;

	assert_true(buf_addf(&s->told, "%s:%s ", cmd ? cmd->name : "-",
			     r->code ? r->code : "self"));
}

static const struct cmd_protocol protocol = {
	.table = table,
	.n_table = N_ELEMENTS(table),
	.max_line = 40,
	.replies = &replies,
	.state = state_of,
	.needs_tls = needs_tls,
	.explain = explain,
	.answered = answered,
};

static const struct row {
	const char *in, *out, *seen;
	enum cmd_end end;
	bool needs_tls;
} rows[] = {
	{"", "", "", CMD_END_DROPPED, false},
	{"NONE", "", "", CMD_END_DROPPED, false},
	{"NONE\r\n", "200 1.0 fine\r\n", "NONE()", CMD_END_DROPPED, false},
	{"none \t \r\n", "200 1.0 fine\r\n", "NONE()", CMD_END_DROPPED, false},
	{"NONE\t\r\n", "200 1.0 fine\r\n", "NONE()", CMD_END_DROPPED, false},
	{"NONE x\r\n", "508 spare arg\r\n", "", CMD_END_DROPPED, false},
	{"OPT\r\nOPT a b \r\n", "200 1.0 fine\r\n200 1.0 fine\r\n",
	 "OPT()OPT(a b)", CMD_END_DROPPED, false},
	{"REQ\r\nREQ \r\nREQ  x\r\n",
	 "507 no arg\r\n507 no arg\r\n200 1.0 fine\r\n", "REQ( x)",
	 CMD_END_DROPPED, false},
	{"REQ\tx\r\n", "200 1.0 fine\r\n", "REQ(x)", CMD_END_DROPPED, false},
	{"BUSY\r\nREQ x\r\nREQ\r\nBUSY\r\nNONE\r\n",
	 "201\r\n506 state\r\n506 state\r\n511 why\r\n200 1.0 fine\r\n",
	 "BUSY()NONE()", CMD_END_DROPPED, false},
	{"X\r\nNON\r\nNONES\r\n\r\n OPT\r\n",
	 "501 unknown\r\n501 unknown\r\n501 unknown\r\n501 unknown\r\n"
	 "509 faults\r\n",
	 "", CMD_END_FAULTS, false},
	{"NONE\nNONE\r\nNONE", "502 line\r\n200 1.0 fine\r\n", "NONE()",
	 CMD_END_DROPPED, false},
	{"OPT 3456789012345678901234567890123456\r\n"
	 "OPT 34567890123456789012345678901234567\r\nNONE\r\n",
	 "200 1.0 fine\r\n503 long\r\n200 1.0 fine\r\n",
	 "OPT(3456789012345678901234567890123456)NONE()", CMD_END_DROPPED,
	 false},
	/* Before TLS the state and the argument do not matter. */
	{"NONE x\r\nREQ\r\nOPT\r\nX\r\n",
	 "505 tls\r\n505 tls\r\n200 1.0 fine\r\n501 unknown\r\n", "OPT()",
	 CMD_END_DROPPED, true},
	{"LAST\r\n", "200 1.0 fine\r\n", "LAST()", CMD_END_DROPPED, false},
	{"LAST\r\nN", "504 behind\r\n", "", CMD_END_PIPELINED, false},
	{"LAST x\r\nNONE\r\n", "504 behind\r\n", "", CMD_END_PIPELINED, false},
	{"SECRET a \t\r\n", "200 1.0 fine\r\n", "SECRET(a \t)", CMD_END_DROPPED,
	 false},
	/* What is no command may be the rest of a secret that was refused. */
	{"SECRET wrong\r\nQUFB\r\nNONE\r\n", "500 fault\r\n512 rest\r\n",
	 "SECRET(wrong)", CMD_END_CLOSED, false},
	{"SECRET wrong\r\nNONE\r\nX\r\n",
	 "500 fault\r\n200 1.0 fine\r\n501 unknown\r\n", "SECRET(wrong)NONE()",
	 CMD_END_DROPPED, false},
	{"SECRET good\r\nX\r\n", "200 1.0 fine\r\n501 unknown\r\n",
	 "SECRET(good)", CMD_END_DROPPED, false},
	{"SELF\r\nNONE\r\n", "one\r\ntwo\r\n200 1.0 fine\r\n", "NONE()",
	 CMD_END_DROPPED, false},
	{"END\r\nNONE\r\n", "299 end\r\n", "", CMD_END_CLOSED, false},
	{"GONE\r\nNONE\r\n", "", "", CMD_END_CLOSED, false},
	/* The fifth fault is answered with the farewell. */
	{"X\r\nFAULT\r\nNONE\r\nA\nFAULT\r\nNONE\r\nFAULT\r\nNONE\r\n",
	 "501 unknown\r\n500 fault\r\n200 1.0 fine\r\n502 line\r\n"
	 "500 fault\r\n200 1.0 fine\r\n509 faults\r\n",
	 "NONE()NONE()", CMD_END_FAULTS, false},
};

static const struct cmd_limits limits = {.line_seconds = 20, .max_faults = 5};

static void session_init(struct session *s)
{
	*s = (struct session){.state = IDLE};
	buf_init(&s->seen, 1000);
	buf_init(&s->told, 1000);
}

static void session_release(struct session *s)
{
	conn_free(&s->conn);
	buf_release(&s->seen);
	buf_release(&s->told);
}

static void read_file(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	close(fd);
}

static void every_rule_in_its_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];
		int in = memfd_create("in", 0), out = memfd_create("out", 0);
		struct session s;
		char heard[1000];

		session_init(&s);
		s.needs_tls = row->needs_tls;
		assert_true(write(in, row->in, strlen(row->in)) >= 0);
		lseek(in, 0, SEEK_SET);
		s.conn = conn_new(in, out);
		if (cmd_loop(s.conn, &protocol, &limits, &s) != row->end)
			fail_msg("row %zu ends in another way", i);
		read_file(out, heard, sizeof(heard));
		assert_string_equal(heard, row->out);
		assert_string_equal(s.seen.data, row->seen);
		close(in);
		session_release(&s);
	}
}

/* Replies wait while commands are buffered, and then leave at once. */
static void pipelined_replies_leave_together(void **state)
{
	static const char commands[] = "NONE\r\nOPT x\r\nEND\r\n";
	struct session s;
	char heard[1000];
	int fds[2];
	ssize_t n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	session_init(&s);
	s.conn = conn_new(fds[0], fds[0]);
	assert_int_equal(write(fds[1], commands, strlen(commands)),
			 strlen(commands));
	assert_int_equal(cmd_loop(s.conn, &protocol, &limits, &s),
			 CMD_END_CLOSED);
	n = recv(fds[1], heard, sizeof(heard) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	heard[n] = '\0';
	assert_string_equal(heard,
			    "200 1.0 fine\r\n200 1.0 fine\r\n299 end\r\n");
	session_release(&s);
	close(fds[0]);
	close(fds[1]);
}

/* A peer that is in the midst of a line may be waiting for its replies. */
static void half_a_command_does_not_hold_replies_back(void **state)
{
	static const char commands[] = "NONE\r\nEN";
	struct session s;
	char heard[100];
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	session_init(&s);
	s.conn = conn_new(fds[0], fds[0]);
	assert_int_equal(write(fds[1], commands, strlen(commands)),
			 strlen(commands));
	shutdown(fds[1], SHUT_WR);
	assert_int_equal(cmd_loop(s.conn, &protocol, &limits, &s),
			 CMD_END_DROPPED);
	assert_int_equal(recv(fds[1], heard, sizeof(heard), MSG_DONTWAIT), 14);
	session_release(&s);
	close(fds[0]);
	close(fds[1]);
}

static void a_silent_peer_is_told_that_it_is_late(void **state)
{
	const struct cmd_limits soon = {.line_seconds = 1};
	struct session s;
	char heard[100];
	int fds[2];
	ssize_t n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	session_init(&s);
	s.conn = conn_new(fds[0], fds[0]);
	assert_int_equal(cmd_loop(s.conn, &protocol, &soon, &s),
			 CMD_END_TIMEOUT);
	n = recv(fds[1], heard, sizeof(heard) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	heard[n] = '\0';
	assert_string_equal(heard, "510 late\r\n");
	session_release(&s);
	close(fds[0]);
	close(fds[1]);
}

static void the_session_is_told_of_every_answer(void **state)
{
	static const char commands[] = "X\r\nNONE\r\nA\nSELF\r\nBUSY\r\n"
				       "REQ x\r\nEND\r\n";
	int in = memfd_create("in", 0), out = memfd_create("out", 0);
	struct session s;

	(void)state;
	session_init(&s);
	assert_true(write(in, commands, strlen(commands)) > 0);
	lseek(in, 0, SEEK_SET);
	s.conn = conn_new(in, out);
	assert_int_equal(cmd_loop(s.conn, &protocol, &limits, &s),
			 CMD_END_CLOSED);
	assert_string_equal(s.told.data, "-:501 NONE:200 -:502 SELF:self "
					 "BUSY:201 REQ:506 END:299 ");
	close(in);
	close(out);
	session_release(&s);
}

static void names_are_found_without_case(void **state)
{
	(void)state;
	assert_ptr_equal(cmd_find(&protocol, "busy x", 4), &table[3]);
	assert_null(cmd_find(&protocol, "busy", 3));
	assert_null(cmd_find(&protocol, "", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_in_its_order),
		cmocka_unit_test(pipelined_replies_leave_together),
		cmocka_unit_test(half_a_command_does_not_hold_replies_back),
		cmocka_unit_test(a_silent_peer_is_told_that_it_is_late),
		cmocka_unit_test(the_session_is_told_of_every_answer),
		cmocka_unit_test(names_are_found_without_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
