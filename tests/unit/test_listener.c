/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which sockets a handler accepts on, and that it keeps none of those it was
 * started with. Each case has a process: it is about fd 0 to 3 and what the
 * environment says of them.
 */
#include "common/base.h"
#include "handlers/session/listener.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

enum { PASSED = 3 };

/* cmocka's own would go on in the wrong process. */
static void need_at(bool what, int line)
{
	if (what)
		return;
	fprintf(stderr, "line %d is not true\n", line);
	_exit(1);
}
#define need(what) need_at((what), __LINE__)

static void run_in_child(void (*in_child)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		in_child();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* --- sockets -------------------------------------------------------------- */

static struct sockaddr_in name_of(int fd)
{
	struct sockaddr_in a = {0};
	socklen_t n = sizeof(a);

	need(getsockname(fd, (struct sockaddr *)&a, &n) == 0);
	return a;
}

/* Bound on a port that the kernel has chosen. */
static int bound(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	need(fd >= 0);
	need(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	return fd;
}

static int listening(void)
{
	int fd = bound();

	need(listen(fd, 4) == 0);
	return fd;
}

static int connect_to(struct sockaddr_in a)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	need(fd >= 0);
	need(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	return fd;
}

static void move_to(int fd, int to)
{
	need(fd == to || dup2(fd, to) == to);
	if (fd != to)
		close(fd);
}

static bool is_socket(int fd)
{
	int value;
	socklen_t n = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &n) == 0;
}

static void say_passed(const char *pid, const char *n)
{
	char own[24];

	snprintf(own, sizeof(own), "%d", (int)getpid());
	need(setenv("LISTEN_PID", pid ? pid : own, 1) == 0);
	need(setenv("LISTEN_FDS", n, 1) == 0);
	need(setenv("LISTEN_FDNAMES", "x", 1) == 0);
}

/* What every listener is, wherever it comes from. */
static void need_one(const struct listeners *l, bool own)
{
	need(l->n == 1 && l->own == own);
	need(l->fds[0] > STDERR_FILENO);
	need(fcntl(l->fds[0], F_GETFL) & O_NONBLOCK);
	need(fcntl(l->fds[0], F_GETFD) & FD_CLOEXEC);
}

/* --- passed by systemd ---------------------------------------------------- */

static void take_passed(void)
{
	struct listeners l;
	struct err e;

	move_to(listening(), PASSED);
	say_passed(NULL, "1");
	need(listeners_find(&l, NULL, &e) == 0);
	need_one(&l, false);
	need(l.fds[0] == PASSED);
	need(!getenv("LISTEN_PID") && !getenv("LISTEN_FDS") &&
	     !getenv("LISTEN_FDNAMES"));
}

static void take_none_of_others(void)
{
	struct listeners l;
	struct err e;

	move_to(listening(), PASSED);
	say_passed("1", "1");
	need(listeners_find(&l, NULL, &e) == 0);
	need(l.n == 0);
	need(!getenv("LISTEN_FDS"));
}

static void take_no_absurd_number(void)
{
	static const char *const numbers[] = {"17", "-1", "", "1x",
					      "18446744073709551617"};
	struct listeners l;
	struct err e;

	move_to(listening(), PASSED);
	for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
		say_passed(NULL, numbers[i]);
		need(listeners_find(&l, NULL, &e) == 0);
		need(l.n == 0);
	}
}

/* With Accept=yes systemd passes the connection itself as the one fd. */
static void take_no_connection(void)
{
	int at = listening();
	struct listeners l;
	struct err e;

	move_to(connect_to(name_of(at)), PASSED);
	say_passed(NULL, "1");
	need(listeners_find(&l, NULL, &e) == 0);
	need(l.n == 0);
}

/* --- passed by xinetd ----------------------------------------------------- */

static void take_fd_0(void)
{
	struct listeners l;
	struct err e;

	move_to(listening(), STDIN_FILENO);
	need(dup2(STDIN_FILENO, STDOUT_FILENO) == STDOUT_FILENO);
	need(listeners_find(&l, NULL, &e) == 0);
	need_one(&l, false);
	need(!is_socket(STDIN_FILENO) && !is_socket(STDOUT_FILENO));
	need(fcntl(STDIN_FILENO, F_GETFD) == 0);
}

static void leave_connection_at_fd_0(void)
{
	struct listeners l;
	struct err e;

	move_to(connect_to(name_of(listening())), STDIN_FILENO);
	need(listeners_find(&l, NULL, &e) == 0);
	need(l.n == 0);
	need(is_socket(STDIN_FILENO));
}

/* --- bound by ourselves --------------------------------------------------- */

static void bind_one(void)
{
	int before = bound();
	struct sockaddr_in a = name_of(before);
	char text[32];
	struct listeners l;
	struct err e;

	close(before);
	snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(a.sin_port));
	need(listeners_find(&l, text, &e) == 0);
	need_one(&l, true);
	need(name_of(l.fds[0]).sin_port == a.sin_port);
	close(connect_to(a));
}

/* Who has executed itself finds the socket that it had bound. */
static void pass_on_and_take_again(void)
{
	struct listeners l = {.fds = {listening()}, .n = 1, .own = true};
	struct sockaddr_in a = name_of(l.fds[0]);
	struct err e;

	need(fcntl(l.fds[0], F_SETFD, FD_CLOEXEC) == 0);
	listeners_hand_on(&l);
	need((fcntl(PASSED, F_GETFD) & FD_CLOEXEC) == 0);
	need(listeners_find(&l, "192.0.2.1:25", &e) == 0);
	need_one(&l, true);
	need(name_of(l.fds[0]).sin_port == a.sin_port);
}

static void refuse_what_is_taken(void)
{
	struct sockaddr_in a = name_of(listening());
	char text[32];
	struct listeners l;
	struct err e;

	snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(a.sin_port));
	need(listeners_find(&l, text, &e) == -1);
	need(strstr(e.text, text) != NULL);
}

static void refuse_addresses(void)
{
	static const char *const wrong[] = {
		"",
		"25",
		":25",
		"localhost:25",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:0",
		"127.0.0.1:65536",
		"127.0.0.1:25x",
		"127.0.0.1/8:25",
		"127.0.0.1 :25",
		"::1:25",
		"[::1]",
		"[::1:25",
		"[]:25",
		"[127.0.0.1:25",
		"[aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa]:25",
	};
	struct listeners l;
	struct err e;

	for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
		need(listeners_find(&l, wrong[i], &e) == -1);
		need(e.kind == ERR_CONFIG);
	}
}

/* --- turned away ---------------------------------------------------------- */

static void turn_away(void)
{
	struct listeners l = {.fds = {listening()}, .n = 1};
	int client[2];
	char octet;

	need(fcntl(l.fds[0], F_SETFL, O_NONBLOCK) == 0);
	for (int i = 0; i < 2; i++)
		client[i] = connect_to(name_of(l.fds[0]));
	listeners_turn_away(&l);
	for (int i = 0; i < 2; i++)
		need(read(client[i], &octet, 1) == 0);
	need(accept(l.fds[0], NULL, NULL) < 0 && errno == EAGAIN);
}

/* --- */

#define CASE(in_child)                                                         \
	static void test_##in_child(void **state)                              \
	{                                                                      \
		(void)state;                                                   \
		run_in_child(in_child);                                        \
	}
CASE(take_passed)
CASE(take_none_of_others)
CASE(take_no_absurd_number)
CASE(take_no_connection)
CASE(take_fd_0)
CASE(leave_connection_at_fd_0)
CASE(bind_one)
CASE(pass_on_and_take_again)
CASE(refuse_what_is_taken)
CASE(refuse_addresses)
CASE(turn_away)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take_passed),
		cmocka_unit_test(test_take_none_of_others),
		cmocka_unit_test(test_take_no_absurd_number),
		cmocka_unit_test(test_take_no_connection),
		cmocka_unit_test(test_take_fd_0),
		cmocka_unit_test(test_leave_connection_at_fd_0),
		cmocka_unit_test(test_bind_one),
		cmocka_unit_test(test_pass_on_and_take_again),
		cmocka_unit_test(test_refuse_what_is_taken),
		cmocka_unit_test(test_refuse_addresses),
		cmocka_unit_test(test_turn_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
