/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A handler's start, each in a child of its own: what it takes for fd 0, what
 * it says where, with which code it ends, and what it has set when it is up.
 */
#include "common/base.h"
#include "handlers/session/program.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/reply.h"
#include "tests/support/test_dir.h"

enum { PATIENCE_MS = 20 * 1000, NOBODY = 65534 };

#define PROXY_HEADER                                                           \
	"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x21"                                   \
	"\xc0\x00\x02\x07\xc0\x00\x02\x01\x9c\x40\x00\x6e"                     \
	"\x20\0\x12\x01\0\0\0\0\x21\0\x07TLSv1.3\x23\0\0"

static char dir[TEST_DIR_SIZE], conf_file[96];

static void write_conf(const char *text)
{
	FILE *f = fopen(conf_file, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int make_files(void **state)
{
	(void)state;
	test_dir_make(dir);
	assert_int_equal(chmod(dir, 0755), 0);
	snprintf(conf_file, sizeof(conf_file), "%s/restante.conf", dir);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	test_dir_remove(dir);
	return 0;
}

/* What a handler would do: tell, over the connection, what it found. */
NO_RETURN static void child_main(int argc, char **argv)
{
	static const struct program_kind kind = {
		.name = "test-handler",
		.row = SANDBOX_RECEIVER,
		.acceptor = offsetof(struct conf, smtp_journal.acceptor),
		.full_house = &reply_sent,
	};
	struct program p;
	struct rlimit core;
	mode_t mask;
	int dumpable;

	program_start(&p, &kind, argc, argv);
	dumpable = prctl(PR_GET_DUMPABLE);
	program_confine(&p);
	mask = umask(0);
	getrlimit(RLIMIT_CORE, &core);
	conn_printf(p.conn, "%s %s %s umask=%03o core=%d dumpable=%d pipe=%d",
		    p.name, p.peer.text, p.peer.tls ? p.peer.tls_version : "-",
		    (unsigned)mask, (int)core.rlim_max, dumpable,
		    signal(SIGPIPE, SIG_IGN) == SIG_IGN);
	conn_printf(p.conn, " mode=%d session=%u\r\n", (int)p.tls_mode,
		    p.conf->limits.session_max);
	program_end(&p);
	exit(p.conn || p.conf ? 1 : 0);
}

struct run {
	int peer;	 /* the other end of fd 0 and 1 */
	int code;	 /* exit code, or -1 for a signal */
	char said[1024]; /* to the peer */
	char log[1024];	 /* on fd 2 */
};

/* Reads to the end, in time. */
static void read_all(int fd, char *text, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t used = 0;
	ssize_t got;

	do {
		if (poll(&p, 1, PATIENCE_MS) != 1)
			fail_msg("nothing came within %d ms", PATIENCE_MS);
		got = read(fd, text + used, size - 1 - used);
		if (got > 0)
			used += (size_t)got;
	} while (got > 0 && used < size - 1);
	text[used] = '\0';
}

/* fds: the child's fd 0 and 1; -1: fd 2 is the connection, too. */
static pid_t start(const char *const *args, const int fds[2], int log_fd)
{
	pid_t pid = fork();
	int argc = 1;
	char *argv[8] = {(char *)"test-handler"};

	if (pid != 0)
		return pid;
	if (log_fd < 0)
		log_fd = fds[0];
	if (dup2(fds[0], 0) < 0 || dup2(fds[1], 1) < 0 || dup2(log_fd, 2) < 0)
		_exit(99);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	for (; *args; args++)
		argv[argc++] = (char *)*args;
	child_main(argc, argv);
}

/* Runs a handler on fd, sends the peer's input, and waits for its end. */
static void run_on(struct run *r, int fd, const void *input, size_t n,
		   const char *const *args)
{
	int log[2], status;
	pid_t pid;

	assert_int_equal(pipe2(log, O_CLOEXEC), 0);
	pid = start(args, (int[]){fd, fd}, log[1]);
	assert_true(pid > 0);
	close(log[1]);
	close(fd);
	if (n)
		assert_int_equal(send(r->peer, input, n, MSG_NOSIGNAL), n);
	read_all(r->peer, r->said, sizeof(r->said));
	shutdown(r->peer, SHUT_WR); /* which a last word is waited for until */
	read_all(log[0], r->log, sizeof(r->log));
	close(log[0]);
	close(r->peer);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	r->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define ARGS(...) ((const char *[]){__VA_ARGS__, NULL})

static void run_pair(struct run *r, const void *input, size_t n,
		     const char *const *args)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	r->peer = fds[1];
	run_on(r, fds[0], input, n, args);
}

static void expect(const struct run *r, int code, const char *said,
		   const char *log)
{
	if (r->code != code)
		fail_msg("exit code %d, not %d: %s", r->code, code, r->log);
	if (!strstr(r->said, said) || (!*said && *r->said))
		fail_msg("\"%s\" is not \"%s\"", r->said, said);
	if (!strstr(r->log, log) || (!*log && *r->log))
		fail_msg("log \"%s\" does not say \"%s\"", r->log, log);
}

static void test_started(void **state)
{
	struct run r;

	(void)state;
	write_conf("limits { session-max = 1234 }\n");
	run_pair(&r, "", 0, ARGS("-c", conf_file));
	expect(&r, 0,
	       "test-handler local - umask=007 core=0 dumpable=0 pipe=1 "
	       "mode=1 session=1234\r\n",
	       "");
	run_pair(&r, "", 0, ARGS("--tls=implicit", "-c", conf_file));
	expect(&r, 0, "mode=0", "");
	run_pair(&r, "", 0, ARGS("--tls", "starttls", "-c", conf_file));
	expect(&r, 0, "mode=1", "");
}

static void test_help_and_version(void **state)
{
	struct run r;

	(void)state;
	run_pair(&r, "", 0, ARGS("--help"));
	expect(&r, 0, "usage: test-handler [-c FILE]", "");
	run_pair(&r, "", 0, ARGS("--version"));
	expect(&r, 0, "test-handler (Restante) " PACKAGE_VERSION "\n", "");
}

/* The peer is told nothing of it. */
static void test_bad_use(void **state)
{
	static const struct {
		const char *args[3], *log;
	} rows[] = {
		{{"--tls=maybe"}, "<3>test-handler: --tls=maybe: must be"},
		{{"--tls="}, "must be implicit, starttls or none"},
		{{"--tls"}, "--tls: not an option"},
		{{"--tls=starttls", "-c"}, "-c: not an option"},
		{{"--nonsense"}, "--nonsense: not an option"},
		{{"-x"}, "-x: not an option"},
		{{"-xc", "file"}, "-xc: not an option"},
		{{"--help=me"}, "--help=me: not an option"},
		{{"file"}, "file: no argument is expected"},
		{{"-c", "/nonexistent/restante.conf"},
		 "/nonexistent/restante.conf"},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const char *args[4] = {0};
		struct run r;

		for (size_t k = 0; k < 3; k++)
			args[k] = rows[i].args[k];
		run_pair(&r, "", 0, args);
		expect(&r, 64, "", rows[i].log);
	}
}

static void test_bad_configuration(void **state)
{
	struct run r;

	(void)state;
	write_conf("hostname = \"a.example\"\nlimits { errors = many }\n");
	run_pair(&r, "", 0, ARGS("-c", conf_file));
	expect(&r, 64, "", "restante.conf:2");
}

/* Started by hand: on a terminal, a file, a pipe, or with nothing at all. */
static void test_no_socket(void **state)
{
	int log[2], fds[2], status, null = open("/dev/null", O_RDWR);
	char text[1024];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	for (int i = 0; i < 2; i++) {
		int fd = i ? fds[0] : null;
		pid_t pid;

		assert_int_equal(pipe2(log, O_CLOEXEC), 0);
		pid = start(ARGS("-c", conf_file), (int[]){fd, null}, log[1]);
		close(log[1]);
		read_all(log[0], text, sizeof(text));
		close(log[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(WEXITSTATUS(status), 64);
		assert_non_null(strstr(text, "fd 0 is not a socket"));
		assert_non_null(strstr(text, "xinetd"));
	}
	close(fds[0]);
	close(fds[1]);
	close(null);
}

/* Under xinetd fd 2 is the peer: not an octet of ours goes there. */
static void test_stderr_is_the_peer(void **state)
{
	const char *const *const runs[] = {ARGS("--nonsense"), ARGS("-x"),
					   ARGS("--tls=maybe"),
					   ARGS("-c", "/nonexistent")};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(runs); i++) {
		int fds[2], status;
		char said[1024];
		pid_t pid;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		pid = start(runs[i], (int[]){fds[0], fds[0]}, -1);
		close(fds[0]);
		read_all(fds[1], said, sizeof(said));
		close(fds[1]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(WEXITSTATUS(status), 64);
		assert_string_equal(said, "");
	}
}

static void test_handler_in_front(void **state)
{
	static const char header[] = PROXY_HEADER;
	struct run r;

	(void)state;
	write_conf("");
	run_pair(&r, header, sizeof(header) - 1,
		 ARGS("--tls=none", "-c", conf_file));
	expect(&r, 0, "test-handler 192.0.2.7 TLS1.3 ", "");
	run_pair(&r, "USER a\r\nPASS b\r\n", 16,
		 ARGS("--tls=none", "-c", conf_file));
	expect(&r, 75, "", "PROXY");
}

/* A connection over TCP: the near end; the far one is r->peer. */
static int tcp_pair(struct run *r)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (uint16_t port = 22000; port < 32768; port++) {
		a.sin_port = htons(port);
		if (bind(listener, (struct sockaddr *)&a, sizeof(a)) == 0)
			break;
	}
	assert_int_equal(listen(listener, 1), 0);
	r->peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(r->peer, (struct sockaddr *)&a, sizeof(a)), 0);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	return fd;
}

/* --tls=none over TCP would take passwords in clear. */
static void test_none_over_tcp(void **state)
{
	struct run r;
	int fd = tcp_pair(&r);

	(void)state;
	run_on(&r, fd, "", 0, ARGS("--tls=none", "-c", conf_file));
	expect(&r, 64, "", "--tls=none: refused");
	assert_non_null(strstr(r.log, "127.0.0.1"));
}

#define SENT(text) (text), sizeof(text) - 1

/* From listed networks the header is a must, from others it is input. */
static void test_balancer(void **state)
{
	static const struct {
		const char *networks, *input;
		size_t n;
		const char *said, *log;
	} rows[] = {
		{"127.0.0.0/8", SENT("PROXY TCP4 192.0.2.7 192.0.2.1 9 25\r\n"),
		 "test-handler 192.0.2.7 - ", ""},
		{"127.0.0.0/8", SENT(PROXY_HEADER), "test-handler 192.0.2.7 - ",
		 ""},
		{"127.0.0.0/8", SENT("PROXY UNKNOWN\r\n"),
		 "test-handler 127.0.0.1 - ", ""},
		{"127.0.0.0/8", SENT("EHLO a\r\n"), "",
		 "peer=127.0.0.1 tls=none messages=0 octets=0 "
		 "outcome=refused reason=proxy-header"},
		{"127.0.0.0/8", SENT("PROXY TCP4 192.0.2.7\r\n"), "",
		 "outcome=refused reason=proxy-header"},
		{"192.0.2.0/24", SENT("PROXY UNKNOWN\r\n"),
		 "test-handler 127.0.0.1 - ", ""},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct run r;
		int fd = tcp_pair(&r);
		char text[80];

		snprintf(text, sizeof(text),
			 "limits { proxy-from = { '%s' } }\n",
			 rows[i].networks);
		write_conf(text);
		run_on(&r, fd, rows[i].input, rows[i].n, ARGS("-c", conf_file));
		expect(&r, 0, rows[i].said, rows[i].log);
	}
}

/* Nor may another user's process speak for a client. */
static void test_none_from_another_user(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct run r;
	int fd, status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		print_message("left out: needs root for a second user\n");
		skip();
	}
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/socket", dir);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(chmod(a.sun_path, 0666), 0);
	assert_int_equal(listen(listener, 1), 0);
	r.peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid = fork();
	if (pid == 0)
		_exit(setresuid(NOBODY, NOBODY, NOBODY) < 0 ||
		      connect(r.peer, (struct sockaddr *)&a, sizeof(a)) < 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	run_on(&r, fd, PROXY_HEADER, sizeof(PROXY_HEADER) - 1,
	       ARGS("--tls=none", "-c", conf_file));
	expect(&r, 64, "", "--tls=none: refused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_started),
		cmocka_unit_test(test_help_and_version),
		cmocka_unit_test(test_bad_use),
		cmocka_unit_test(test_bad_configuration),
		cmocka_unit_test(test_no_socket),
		cmocka_unit_test(test_stderr_is_the_peer),
		cmocka_unit_test(test_handler_in_front),
		cmocka_unit_test(test_none_over_tcp),
		cmocka_unit_test(test_balancer),
		cmocka_unit_test(test_none_from_another_user),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
