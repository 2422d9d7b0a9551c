/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines for a service and for a person, and the three ways to die. */
#include "common/base.h"
#include "common/log.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

struct outcome {
	int status; /* of waitpid() */
	char text[16384];
};

/* Runs act() in a child whose fd 2 is a pipe. */
static struct outcome run(void (*act)(void), enum log_style style)
{
	struct outcome o = {.text = ""};
	size_t used = 0;
	ssize_t got;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		log_open("test-log", style);
		act();
		_exit(0);
	}
	close(fds[1]);
	while ((got = read(fds[0], o.text + used, sizeof(o.text) - 1 - used)) >
	       0)
		used += (size_t)got;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &o.status, 0), pid);
	return o;
}

static void say_all(void)
{
	log_info("%s=%d", "messages", 1);
	log_warn("two");
	log_error("three");
}

static void test_styles(void **state)
{
	struct outcome o = run(say_all, LOG_STYLE_SERVICE);

	(void)state;
	assert_string_equal(o.text, "<6>test-log: messages%3D1\n"
				    "<4>test-log: two\n"
				    "<3>test-log: three\n");
	o = run(say_all, LOG_STYLE_PERSON);
	assert_string_equal(o.text, "test-log: messages=1\n"
				    "test-log: two\n"
				    "test-log: three\n");
}

static void say_a_peers_words(void)
{
	log_info("recipient <%s>: 550", "\"x outcome=error mailbox=y\"@d");
	log_always("outcome=kept");
}

/* No peer has a key in the log: what is looked for is found once. */
static void test_no_peer_writes_keys(void **state)
{
	struct outcome o = run(say_a_peers_words, LOG_STYLE_SERVICE);

	(void)state;
	assert_string_equal(o.text,
			    "<6>test-log: recipient <%22x outcome%3Derror "
			    "mailbox%3Dy%22@d>: 550\n"
			    "<6>test-log: outcome=kept\n");
}

/* No peer writes a line of its own into the log, nor to a terminal. */
static void say_control_bytes(void)
{
	log_info("a\r\n<0>root: b\x1b[2J\x7f\tc");
}

static void test_control_bytes(void **state)
{
	struct outcome o = run(say_control_bytes, LOG_STYLE_SERVICE);

	(void)state;
	assert_string_equal(o.text, "<6>test-log: a?"
				    "?<0>root: b?[2J??c\n");
}

static void say_much(void)
{
	char text[10000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
}

static void test_long_line(void **state)
{
	struct outcome o = run(say_much, LOG_STYLE_SERVICE);
	size_t n = strlen(o.text);

	(void)state;
	assert_in_range(n, 1000, 1600);
	assert_int_equal(o.text[n - 1], '\n');
	assert_memory_equal(o.text, "<6>test-log: xxx", 16);
}

static void say_too_much(void)
{
	for (int i = 0; i < LOG_LINES_MAX; i++) {
		log_info("i");
		log_warn("w");
		log_error("e");
	}
	log_always("the end");
	die_temp("dead");
}

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* A peer fills no disk by what a service logs of it; a person reads it all. */
static void test_many_lines(void **state)
{
	static const char end[] =
		"<6>test-log: line 200 of this process: more is not logged\n"
		"<6>test-log: the end\n"
		"<3>test-log: dead\n";
	struct outcome o = run(say_too_much, LOG_STYLE_SERVICE);

	(void)state;
	assert_int_equal(lines_of(o.text), LOG_LINES_MAX + 2);
	assert_string_equal(o.text + strlen(o.text) - strlen(end), end);
	o = run(say_too_much, LOG_STYLE_PERSON);
	assert_int_equal(lines_of(o.text), 3 * LOG_LINES_MAX + 2);
}

static void keep_errno(void)
{
	errno = ENOSPC;
	close(STDERR_FILENO);
	log_info("into nothing");
	_exit(errno == ENOSPC ? 7 : 8);
}

static void test_errno(void **state)
{
	struct outcome o = run(keep_errno, LOG_STYLE_SERVICE);

	(void)state;
	assert_int_equal(WEXITSTATUS(o.status), 7);
}

static void die_of_use(void)
{
	die_usage("bad %s", "use");
}

static void die_for_now(void)
{
	die_temp("later");
}

static void die_of_ourselves(void)
{
	die_bug("a bug");
}

/* AddressSanitizer ends the process by itself unless it is told not to. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static volatile size_t too_much = SIZE_MAX / 2;

static void ask_for_too_much(void)
{
	free(xmalloc(too_much));
}

static void ask_for_too_many(void)
{
	free(xcalloc(too_much, 4));
}

static void test_deaths(void **state)
{
	struct outcome o = run(die_of_use, LOG_STYLE_SERVICE);

	(void)state;
	assert_int_equal(WEXITSTATUS(o.status), 64);
	assert_string_equal(o.text, "<3>test-log: bad use\n");
	o = run(die_for_now, LOG_STYLE_SERVICE);
	assert_int_equal(WEXITSTATUS(o.status), 75);
	o = run(die_of_ourselves, LOG_STYLE_SERVICE);
	assert_int_equal(WTERMSIG(o.status), SIGABRT);
	assert_string_equal(o.text, "<2>test-log: a bug\n");
}

static void test_memory(void **state)
{
	void (*const greedy[])(void) = {ask_for_too_much, ask_for_too_many};
	char *copy = xstrdup("text");

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(greedy); i++) {
		struct outcome o = run(greedy[i], LOG_STYLE_SERVICE);

		assert_int_equal(WEXITSTATUS(o.status), 75);
		assert_non_null(strstr(o.text, "out of memory"));
	}
	assert_string_equal(copy, "text");
	free(copy);
	copy = xcalloc(0, 0);
	assert_non_null(copy);
	free(copy);
	copy = xmalloc(0);
	assert_non_null(copy);
	free(copy);
}

/* --- where it goes -------------------------------------------------------- */

/* Ends with 1 where it would go to syslog. */
NO_RETURN static void open_with(int in, int out, int err)
{
	int fds[] = {dup(in), dup(out), dup(err)};

	for (int i = 0; i <= STDERR_FILENO; i++)
		dup2(fds[i], i);
	log_open("test-log", LOG_STYLE_SERVICE);
	_exit(log_uses_syslog());
}

/* Two sockets: a connection and the journal. */
static void open_socket_pair(int fds_r[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds_r) < 0)
		_exit(99);
}

static void as_xinetd_starts_one(void)
{
	int fds[2];

	open_socket_pair(fds);
	open_with(fds[0], fds[0], fds[0]);
}

static void as_a_unit_for_each_is_started(void)
{
	int fds[2];

	open_socket_pair(fds);
	open_with(fds[0], fds[0], fds[1]);
}

/* By LISTEN_FDS; fd 1 is left to systemd, which makes it what fd 2 is. */
static void as_one_that_accepts_is_started(void)
{
	int fds[2];

	open_socket_pair(fds);
	open_with(open("/dev/null", O_RDWR), fds[1], fds[1]);
}

static void as_out_and_err_are_one(void)
{
	int fds[2];

	open_socket_pair(fds);
	open_with(fds[0], fds[1], fds[1]);
}

static void test_where_it_goes(void **state)
{
	static const struct {
		void (*started)(void);
		bool syslog;
	} rows[] = {
		{as_xinetd_starts_one, true},
		{as_a_unit_for_each_is_started, false},
		{as_one_that_accepts_is_started, false},
		{as_out_and_err_are_one, true},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct outcome o = run(rows[i].started, LOG_STYLE_SERVICE);

		assert_true(WIFEXITED(o.status));
		assert_int_equal(WEXITSTATUS(o.status), rows[i].syslog);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_styles),
		cmocka_unit_test(test_where_it_goes),
		cmocka_unit_test(test_control_bytes),
		cmocka_unit_test(test_no_peer_writes_keys),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_many_lines),
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_deaths),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
