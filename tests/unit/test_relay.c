/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two sides and the relay between them, in a process of its own: octets both
 * ways, the last words before the end, and silence.
 */
#include "common/base.h"
#include "handlers/proxy/relay.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

enum { IDLE = 20, MANY = 300 * 1000 };

struct rig {
	int client, server; /* the far ends */
	pid_t relay;
};

static struct rig start(unsigned idle_seconds, const char *buffered)
{
	int client[2], server[2];
	struct rig r;

	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, client), 0);
	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, server), 0);
	assert_int_equal(write(client[0], buffered, strlen(buffered)),
			 strlen(buffered));
	r = (struct rig){.client = client[0], .server = server[0]};
	r.relay = fork();
	if (r.relay == 0) {
		struct conn *c = conn_new(client[1], client[1]);
		struct conn *s = conn_new(server[1], server[1]);
		const uint8_t *bytes;
		enum conn_status status;
		size_t n;

		close(client[0]);
		close(server[0]);
		if (*buffered) /* what came behind the login */
			(void)conn_peek(c, &bytes, &n);
		status = relay_run(c, s, idle_seconds);
		conn_free(&c);
		conn_free(&s);
		_exit((int)status);
	}
	close(client[1]);
	close(server[1]);
	return r;
}

static void end(struct rig *r, enum conn_status wanted)
{
	int status;

	assert_int_equal(waitpid(r->relay, &status, 0), r->relay);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), wanted);
	close(r->client);
	close(r->server);
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void hear(int fd, const char *text)
{
	char heard[64];
	size_t at = 0;

	while (at < strlen(text)) {
		ssize_t n = read(fd, heard + at, strlen(text) - at);

		assert_true(n > 0);
		at += (size_t)n;
	}
	assert_memory_equal(heard, text, at);
}

static void hear_the_end(int fd)
{
	char octet;

	assert_int_equal(read(fd, &octet, 1), 0);
}

static void octets_pass_both_ways(void **state UNUSED)
{
	struct rig r = start(IDLE, "");

	say(r.client, "USER joe\r\n");
	hear(r.server, "USER joe\r\n");
	say(r.server, "+OK\r\n");
	hear(r.client, "+OK\r\n");
	say(r.server, "\xff\r");
	hear(r.client, "\xff\r");
	shutdown(r.server, SHUT_WR);
	end(&r, CONN_OK);
}

static void what_was_buffered_goes_first(void **state UNUSED)
{
	struct rig r = start(IDLE, "PASS x\r\n");

	hear(r.server, "PASS x\r\n");
	say(r.client, "STAT\r\n");
	hear(r.server, "STAT\r\n");
	shutdown(r.server, SHUT_WR);
	end(&r, CONN_OK);
}

/* The client's end is passed on behind its last words; the server's answer
 * still comes. */
static void the_server_is_heard_out(void **state UNUSED)
{
	struct rig r = start(IDLE, "");

	say(r.client, "QUIT\r\n");
	shutdown(r.client, SHUT_WR);
	hear(r.server, "QUIT\r\n");
	hear_the_end(r.server);
	say(r.server, "+OK bye\r\n");
	shutdown(r.server, SHUT_WR);
	hear(r.client, "+OK bye\r\n");
	end(&r, CONN_OK);
}

static void silence_ends_it(void **state UNUSED)
{
	struct rig r = start(1, "");

	say(r.client, "NOOP\r\n");
	hear(r.server, "NOOP\r\n");
	end(&r, CONN_TIMEOUT);
}

/* Nothing is held beyond a buffer: who does not read is waited for. */
static void a_reader_that_stops_stops_it(void **state UNUSED)
{
	struct rig r = start(1, "");
	static char octets[MANY];
	pid_t writer = fork();

	if (writer == 0) {
		signal(SIGPIPE, SIG_DFL);
		for (;;)
			if (write(r.server, octets, sizeof(octets)) < 0)
				_exit(0);
	}
	end(&r, CONN_TIMEOUT);
	assert_int_equal(waitpid(writer, NULL, 0), writer);
}

/* It is told to the server; what that still says goes nowhere. */
static void a_client_may_be_gone(void **state UNUSED)
{
	struct rig r = start(IDLE, "");

	close(r.client);
	hear_the_end(r.server);
	say(r.server, "+OK\r\n");
	shutdown(r.server, SHUT_WR);
	r.client = dup(r.server);
	end(&r, CONN_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_pass_both_ways),
		cmocka_unit_test(what_was_buffered_goes_first),
		cmocka_unit_test(the_server_is_heard_out),
		cmocka_unit_test(silence_ends_it),
		cmocka_unit_test(a_reader_that_stops_stops_it),
		cmocka_unit_test(a_client_may_be_gone),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
