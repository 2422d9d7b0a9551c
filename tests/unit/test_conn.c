/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The connection against peers that cut, dawdle, flood, vanish and refuse to
 * read. Packets of a SOCK_SEQPACKET pair are reads, so that every cutting of
 * the input is exact; the clock moves when poll() waits, so that no test does.
 */
#include "common/base.h"
#include "common/conn.h"

#include <sys/socket.h>
#include <sys/syscall.h>

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/cutting.h"

enum { OUT_SIZE = 16 * 1024, LINE_MAX_OCTETS = 12 };

/* What the system calls below do; reset before each test. */
static struct {
	int64_t now_ms; /* CLOCK_MONOTONIC as seen by the connection */
	unsigned waits; /* how often poll() had to wait */
	int drip_fd;	/* the peer's end; it sends while we wait; -1 */
	size_t drip_octets, drip_ms; /* that much, in that time */
	int drain_fd; /* there the peer reads while we wait; -1 */
	struct buf *drained;
	unsigned interrupts;  /* EINTRs still to come from any call */
	size_t longest_write; /* 0: no limit */
	unsigned writes;
} kernel;

/* These three stand in for the C library's. */
int clock_gettime(clockid_t clock, struct timespec *t)
{
	if (clock != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, clock, t);
	t->tv_sec = kernel.now_ms / 1000;
	t->tv_nsec = kernel.now_ms % 1000 * 1000000;
	return 0;
}

static bool interrupted(void)
{
	if (kernel.interrupts == 0)
		return false;
	kernel.interrupts--;
	errno = EINTR;
	return true;
}

static int poll_now(struct pollfd *fds, nfds_t n)
{
	static const struct timespec at_once = {.tv_sec = 0};

	return (int)syscall(SYS_ppoll, fds, n, &at_once, NULL, 0);
}

static void drip(void)
{
	static const char text[4096] = {[0 ... 4095] = 'x'};

	assert_int_equal(
		send(kernel.drip_fd, text, kernel.drip_octets, MSG_DONTWAIT),
		kernel.drip_octets);
}

static void drain(void)
{
	char bytes[5000];
	ssize_t got = recv(kernel.drain_fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	assert_true(got > 0);
	assert_true(buf_add(kernel.drained, bytes, (size_t)got));
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int ready = poll_now(fds, n);

	if (ready != 0)
		return ready;
	if (interrupted())
		return -1;
	kernel.waits++;
	assert_true(timeout >= 0); /* nothing may wait for ever here */
	if (kernel.drip_fd >= 0 && (size_t)timeout > kernel.drip_ms) {
		kernel.now_ms += (int64_t)kernel.drip_ms;
		drip();
		return poll_now(fds, n);
	}
	if (kernel.drain_fd >= 0) {
		drain();
		return poll_now(fds, n);
	}
	kernel.now_ms += timeout;
	return 0;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	if (interrupted())
		return -1;
	kernel.writes++;
	if (kernel.longest_write && n > kernel.longest_write)
		n = kernel.longest_write;
	return syscall(SYS_write, fd, bytes, n);
}

struct rig {
	struct conn *conn;
	int fd, peer;
	struct buf line;
};

static void rig_open(struct rig *r, int type)
{
	int fds[2];

	kernel.now_ms = 1000000;
	kernel.waits = kernel.writes = kernel.interrupts = 0;
	kernel.longest_write = 0;
	kernel.drip_fd = kernel.drain_fd = -1;
	kernel.drip_octets = 1;
	kernel.drip_ms = 1000;
	assert_int_equal(socketpair(AF_UNIX, type, 0, fds), 0);
	*r = (struct rig){.fd = fds[0], .peer = fds[1]};
	r->conn = conn_new(r->fd, r->fd);
	conn_set_deadline(r->conn, 60, 0);
	buf_init(&r->line, 1 << 20);
}

static void rig_close(struct rig *r)
{
	conn_free(&r->conn);
	assert_null(r->conn);
	conn_free(&r->conn);
	buf_release(&r->line);
	close(r->fd);
	if (r->peer >= 0)
		close(r->peer);
}

static void peer_sends(const struct rig *r, const void *bytes, size_t n)
{
	assert_int_equal(send(r->peer, bytes, n, MSG_NOSIGNAL), n);
}

static void peer_vanishes(struct rig *r)
{
	close(r->peer);
	r->peer = -1;
}

#define TEXT(s) (s), sizeof(s) - 1

struct outcome {
	enum conn_status status;
	const char *line;
};

struct line_row {
	const char *in;
	size_t n;
	struct outcome out[4]; /* the last one is CONN_EOF */
};

static const struct line_row line_rows[] = {
	{TEXT(""), {{CONN_EOF, ""}}},
	{TEXT("\r\n"), {{CONN_OK, ""}, {CONN_EOF, ""}}},
	{TEXT("QUIT\r\n"), {{CONN_OK, "QUIT"}, {CONN_EOF, ""}}},
	{TEXT("a\r\nb\r\n"), {{CONN_OK, "a"}, {CONN_OK, "b"}, {CONN_EOF, ""}}},
	{TEXT("a \r\n"), {{CONN_OK, "a "}, {CONN_EOF, ""}}},
	{TEXT("\xc3\xa4\xff\r\n"), {{CONN_OK, "\xc3\xa4\xff"}, {CONN_EOF, ""}}},
	/* cut off */
	{TEXT("a"), {{CONN_EOF, ""}}},
	{TEXT("a\r"), {{CONN_EOF, ""}}},
	{TEXT("a\r\nb"), {{CONN_OK, "a"}, {CONN_EOF, ""}}},
	/* not a line */
	{TEXT("\n"), {{CONN_BAD_LINE, ""}, {CONN_EOF, ""}}},
	{TEXT("a\nb\r\n"),
	 {{CONN_BAD_LINE, ""}, {CONN_OK, "b"}, {CONN_EOF, ""}}},
	{TEXT("a\n\r\n"), {{CONN_BAD_LINE, ""}, {CONN_OK, ""}, {CONN_EOF, ""}}},
	{TEXT("a\rb\r\nc\r\n"),
	 {{CONN_BAD_LINE, ""}, {CONN_OK, "c"}, {CONN_EOF, ""}}},
	{TEXT("a\r\r\n"), {{CONN_BAD_LINE, ""}, {CONN_EOF, ""}}},
	{TEXT("\r\r\n"), {{CONN_BAD_LINE, ""}, {CONN_EOF, ""}}},
	{TEXT("a\0b\r\nc\r\n"),
	 {{CONN_BAD_LINE, ""}, {CONN_OK, "c"}, {CONN_EOF, ""}}},
	{TEXT("\0\r\n"), {{CONN_BAD_LINE, ""}, {CONN_EOF, ""}}},
	/* 12 octets with their CRLF fit, 13 do not */
	{TEXT("0123456789\r\n"), {{CONN_OK, "0123456789"}, {CONN_EOF, ""}}},
	{TEXT("0123456789a\r\nb\r\n"),
	 {{CONN_LONG, ""}, {CONN_OK, "b"}, {CONN_EOF, ""}}},
	{TEXT("0123456789ab\nc\r\n"),
	 {{CONN_LONG, ""}, {CONN_OK, "c"}, {CONN_EOF, ""}}},
	{TEXT("0123456789abcdef0123456789abcdef\r\nb\r\n"),
	 {{CONN_LONG, ""}, {CONN_OK, "b"}, {CONN_EOF, ""}}},
	{TEXT("0123456789abcdef"), {{CONN_EOF, ""}}},
};

static void expect_lines(const struct cutting *cut, const void *arg)
{
	const struct line_row *row = arg;
	struct rig r;
	size_t at = 0;

	rig_open(&r, SOCK_SEQPACKET);
	while (at < row->n) {
		size_t n = cutting_piece(cut, at, row->n);

		peer_sends(&r, row->in + at, n);
		at += n;
	}
	peer_vanishes(&r);
	for (size_t i = 0;; i++) {
		assert_int_equal(
			conn_read_line(r.conn, &r.line, LINE_MAX_OCTETS),
			row->out[i].status);
		assert_string_equal(r.line.data, row->out[i].line);
		assert_int_equal(r.line.len, strlen(row->out[i].line));
		if (row->out[i].status == CONN_EOF)
			break;
	}
	assert_int_equal(conn_octets_in(r.conn), row->n);
	assert_false(conn_input_buffered(r.conn));
	rig_close(&r);
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(line_rows); i++)
		cutting_each(line_rows[i].n, expect_lines, &line_rows[i]);
}

/* The peer goes after every single octet of a session. */
static void test_vanishing(void **state)
{
	static const char session[] = "EHLO a\r\nMAIL\r\n\nRCPT\r\n";
	static const size_t ends[] = {8, 14, 15, 21};

	(void)state;
	for (size_t n = 0; n < sizeof(session); n++) {
		enum conn_status status;
		size_t lines = 0, expected = 0;
		struct rig r;

		rig_open(&r, SOCK_STREAM);
		peer_sends(&r, session, n);
		peer_vanishes(&r);
		for (size_t i = 0; i < N_ELEMENTS(ends); i++)
			expected += ends[i] <= n;
		while ((status = conn_read_line(r.conn, &r.line, 64)) !=
		       CONN_EOF) {
			assert_true(status == CONN_OK ||
				    status == CONN_BAD_LINE);
			lines++;
		}
		assert_int_equal(lines, expected);
		rig_close(&r);
	}
}

static void test_endless_line(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, SOCK_STREAM);
	kernel.drip_fd = r.peer;
	kernel.drip_octets = 4096;
	kernel.drip_ms = 1;
	conn_set_deadline(r.conn, 5, 0);
	assert_int_equal(conn_read_line(r.conn, &r.line, 512), CONN_TIMEOUT);
	assert_in_range(conn_octets_in(r.conn), 4000 * 4096, 5000 * 4096);
	assert_in_range(r.line.size, 0, 1024);
	kernel.drip_fd = -1;
	conn_set_deadline(r.conn, 5, 0);
	peer_sends(&r, TEXT("\r\nQUIT\r\n"));
	assert_int_equal(conn_read_line(r.conn, &r.line, 512), CONN_OK);
	assert_int_equal(conn_read_line(r.conn, &r.line, 512), CONN_OK);
	assert_string_equal(r.line.data, "QUIT");
	rig_close(&r);
}

static void test_peek(void **state)
{
	const uint8_t *bytes;
	struct rig r;
	size_t n;

	(void)state;
	rig_open(&r, SOCK_STREAM);
	assert_false(conn_input_buffered(r.conn));
	peer_sends(&r, TEXT("BDAT 3\r\nabcRSET\r\n"));
	assert_int_equal(conn_read_line(r.conn, &r.line, 64), CONN_OK);
	assert_true(conn_input_buffered(r.conn));
	assert_int_equal(conn_peek(r.conn, &bytes, &n), CONN_OK);
	assert_int_equal(n, 9);
	assert_memory_equal(bytes, "abcRSET\r\n", 9);
	conn_consume(r.conn, 1);
	assert_int_equal(conn_peek(r.conn, &bytes, &n), CONN_OK);
	assert_int_equal(n, 8);
	conn_consume(r.conn, 2);
	assert_int_equal(conn_read_line(r.conn, &r.line, 64), CONN_OK);
	assert_string_equal(r.line.data, "RSET");
	assert_false(conn_input_buffered(r.conn));
	peer_sends(&r, TEXT("later"));
	assert_int_equal(conn_peek(r.conn, &bytes, &n), CONN_OK);
	assert_int_equal(n, 5);
	conn_consume(r.conn, 5);
	peer_vanishes(&r);
	assert_int_equal(conn_peek(r.conn, &bytes, &n), CONN_EOF);
	assert_int_equal(conn_peek(r.conn, &bytes, &n), CONN_EOF);
	rig_close(&r);
}

/* A password read in two parts, the second shorter than the first. */
static void test_wipe(void **state)
{
	static const uint8_t zero[64];
	const uint8_t *bytes;
	struct rig r;
	size_t n;

	(void)state;
	rig_open(&r, SOCK_SEQPACKET);
	peer_sends(&r, TEXT("PASS correct-horse-battery"));
	assert_int_equal(conn_peek(r.conn, &bytes, &n), CONN_OK);
	conn_consume(r.conn, n);
	peer_sends(&r, TEXT("-st\r\nSTAT\r\n"));
	assert_int_equal(conn_read_line(r.conn, &r.line, 64), CONN_OK);
	assert_memory_equal(bytes + 11, "t-horse-battery", 15);
	conn_wipe_input(r.conn);
	assert_memory_equal(bytes, zero, 5);
	assert_memory_equal(bytes + 5, "STAT\r\n", 6);
	assert_memory_equal(bytes + 11, zero, 15);
	assert_int_equal(conn_read_line(r.conn, &r.line, 64), CONN_OK);
	assert_string_equal(r.line.data, "STAT");
	rig_close(&r);
}

/* A line that is refused leaves nothing behind either. */
static void test_wipe_refused(void **state)
{
	static const uint8_t zero[16];
	const uint8_t *bytes;
	struct rig r;
	size_t n;

	(void)state;
	rig_open(&r, SOCK_SEQPACKET);
	peer_sends(&r, TEXT("PASS a\rsecret\r\nQUIT\r\n"));
	assert_int_equal(conn_peek(r.conn, &bytes, &n), CONN_OK);
	assert_int_equal(conn_read_line(r.conn, &r.line, 64), CONN_BAD_LINE);
	assert_memory_equal(bytes, zero, 15);
	assert_memory_equal(r.line.data, zero, 13);
	rig_close(&r);
}

static size_t peer_receives(const struct rig *r, char *to, size_t size)
{
	ssize_t n = recv(r->peer, to, size, MSG_DONTWAIT);

	return n < 0 ? 0 : (size_t)n;
}

/*
 * An answer of n octets, written in pieces of so many, is cut: what was before
 * it has arrived, of itself a part at most and never its last octet, and what
 * is written later does not.
 */
static void cut_at(size_t n, size_t piece)
{
	static const char before[] = "+OK before\r\n";
	static uint8_t answer[4 * OUT_SIZE], got[8 * OUT_SIZE];
	size_t n_before = sizeof(before) - 1, n_got = 0;
	struct rig r;
	ssize_t more;

	for (size_t i = 0; i < n; i++)
		answer[i] = (uint8_t)('a' + i % 23);
	rig_open(&r, SOCK_STREAM);
	conn_write(r.conn, before, n_before);
	conn_begin_answer(r.conn);
	for (size_t at = 0; at < n; at += piece)
		conn_write(r.conn, answer + at,
			   piece < n - at ? piece : n - at);
	conn_cut(r.conn);
	conn_write(r.conn, TEXT("behind"));
	assert_int_equal(conn_flush(r.conn), CONN_EOF);
	while ((more = recv(r.peer, got + n_got, sizeof(got) - n_got,
			    MSG_DONTWAIT)) > 0)
		n_got += (size_t)more;
	if (n_got < n_before || (n_got > n_before && n_got >= n_before + n) ||
	    memcmp(got, before, n_before) != 0 ||
	    memcmp(got + n_before, answer, n_got - n_before) != 0)
		fail_msg("%zu octets in pieces of %zu: %zu came", n, piece,
			 n_got);
	rig_close(&r);
}

/* At every place of the buffer, and around where it is full. */
static void test_cut(void **state)
{
	static const size_t pieces[] = {1, 7, 1000, OUT_SIZE, 4 * OUT_SIZE};

	(void)state;
	for (size_t n = 0; n <= OUT_SIZE + 20; n++)
		cut_at(n, 4 * OUT_SIZE);
	for (size_t n = 2 * OUT_SIZE - 30; n <= 2 * OUT_SIZE + 5; n++)
		for (size_t i = 0; i < N_ELEMENTS(pieces); i++)
			cut_at(n, pieces[i]);
	for (size_t n = 3 * OUT_SIZE - 30; n <= 3 * OUT_SIZE + 5; n++)
		for (size_t i = 0; i < N_ELEMENTS(pieces); i++)
			cut_at(n, pieces[i]);
}

static void test_one_write_per_flush(void **state)
{
	char got[100];
	struct rig r;

	(void)state;
	rig_open(&r, SOCK_SEQPACKET);
	conn_write(r.conn, TEXT("250-one\r\n"));
	conn_printf(r.conn, "250-SIZE %d\r\n", 7);
	conn_printf(r.conn, "250 %s\r\n", "end");
	assert_int_equal(peer_receives(&r, got, sizeof(got)), 0);
	assert_int_equal(conn_flush(r.conn), CONN_OK);
	assert_int_equal(peer_receives(&r, got, sizeof(got)), 30);
	assert_memory_equal(got, "250-one\r\n250-SIZE 7\r\n250 end\r\n", 30);
	assert_int_equal(conn_flush(r.conn), CONN_OK);
	assert_int_equal(kernel.writes, 1);
	assert_int_equal(conn_octets_out(r.conn), 30);
	rig_close(&r);
}

static char pattern(size_t at)
{
	return (char)('a' + at * 7 % 26);
}

/* Writes of size octets, n in all; full pieces leave by themselves. */
static void expect_pieces(size_t n, size_t size, bool by_printf)
{
	static char text[3 * OUT_SIZE + 100], got[OUT_SIZE + 1];
	size_t at = 0;
	struct rig r;

	for (size_t i = 0; i < n; i++)
		text[i] = pattern(i);
	rig_open(&r, SOCK_SEQPACKET);
	while (at < n) {
		size_t part = size < n - at ? size : n - at;

		if (by_printf)
			conn_printf(r.conn, "%.*s", (int)part, text + at);
		else
			conn_write(r.conn, text + at, part);
		at += part;
	}
	assert_int_equal(conn_flush(r.conn), CONN_OK);
	assert_int_equal(conn_octets_out(r.conn), n);
	for (at = 0; at < n;) {
		size_t part = peer_receives(&r, got, sizeof(got));

		assert_int_equal(part, n - at < OUT_SIZE ? n - at : OUT_SIZE);
		assert_memory_equal(got, text + at, part);
		at += part;
	}
	assert_int_equal(peer_receives(&r, got, sizeof(got)), 0);
	rig_close(&r);
}

static void test_pieces(void **state)
{
	static const size_t totals[] = {
		1,     OUT_SIZE - 1,	  OUT_SIZE, OUT_SIZE + 1, 2 * OUT_SIZE,
		40000, 3 * OUT_SIZE + 100};
	static const size_t sizes[] = {997,	     OUT_SIZE - 1,
				       OUT_SIZE,     OUT_SIZE + 1,
				       2 * OUT_SIZE, 3 * OUT_SIZE + 100};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(totals); i++)
		for (size_t k = 0; k < N_ELEMENTS(sizes); k++) {
			expect_pieces(totals[i], sizes[k], false);
			expect_pieces(totals[i], sizes[k], true);
		}
}

static void test_broken_pipe(void **state)
{
	static const char big[3 * OUT_SIZE];
	struct rig r;

	(void)state;
	rig_open(&r, SOCK_STREAM);
	peer_sends(&r, TEXT("QUIT\r\n"));
	peer_vanishes(&r);
	conn_write(r.conn, TEXT("220 hello\r\n"));
	assert_false(conn_broken(r.conn));
	assert_int_equal(conn_flush(r.conn), CONN_EOF);
	assert_true(conn_broken(r.conn));
	kernel.writes = 0;
	conn_write(r.conn, big, sizeof(big));
	conn_printf(r.conn, "%d", 1);
	assert_int_equal(conn_flush(r.conn), CONN_EOF);
	assert_int_equal(kernel.writes, 0);
	assert_int_equal(conn_octets_out(r.conn), 0);
	/* What it sent before is there all the same: piler goes like that. */
	assert_int_equal(conn_read_line(r.conn, &r.line, 64), CONN_OK);
	assert_string_equal(r.line.data, "QUIT");
	conn_bye(r.conn);
	rig_close(&r);
}

static void test_interrupts_and_short_writes(void **state)
{
	char got[100];
	struct rig r;

	(void)state;
	rig_open(&r, SOCK_STREAM);
	kernel.longest_write = 3;
	kernel.interrupts = 5;
	conn_write(r.conn, TEXT("0123456789abcdef"));
	assert_int_equal(conn_flush(r.conn), CONN_OK);
	assert_int_equal(kernel.interrupts, 0);
	assert_int_equal(kernel.writes, 6);
	assert_int_equal(peer_receives(&r, got, sizeof(got)), 16);
	assert_memory_equal(got, "0123456789abcdef", 16);
	kernel.interrupts = 3; /* poll's */
	assert_int_equal(conn_read_line(r.conn, &r.line, 64), CONN_TIMEOUT);
	assert_int_equal(kernel.interrupts, 0);
	rig_close(&r);
}

static int64_t seconds_since(int64_t start)
{
	return (kernel.now_ms - start) / 1000;
}

static void test_deadline(void **state)
{
	struct rig r;
	int64_t start;

	(void)state;
	rig_open(&r, SOCK_STREAM);
	start = kernel.now_ms;
	conn_set_deadline(r.conn, 300, 0);
	peer_sends(&r, TEXT("half a li"));
	assert_int_equal(conn_read_line(r.conn, &r.line, 64), CONN_TIMEOUT);
	assert_int_equal(seconds_since(start), 300);
	/* Reading goes on under a new one. */
	conn_set_deadline(r.conn, 10, 0);
	peer_sends(&r, TEXT("\r\n"));
	assert_int_equal(conn_read_line(r.conn, &r.line, 64), CONN_OK);
	rig_close(&r);
}

/* An octet a second does not keep a session alive; a minimum rate does. */
static void test_total_not_idle(void **state)
{
	static const struct {
		unsigned seconds, rate, limit;
		int64_t lasts;
	} rows[] = {
		{60, 0, 0, 60},	    {60, 100, 0, 60}, {60, 2, 0, 119},
		{60, 4, 0, 79},	    {300, 0, 20, 20}, {60, 2, 100, 100},
		{60, 2, 1000, 119}, {0, 0, 0, 0},
	};
	static const char before[1000] = {[999] = '\n'};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct rig r;
		int64_t start;

		rig_open(&r, SOCK_STREAM);
		/* What was moved before buys nothing. */
		peer_sends(&r, before, sizeof(before));
		assert_int_equal(conn_read_line(r.conn, &r.line, 1000),
				 CONN_BAD_LINE);
		start = kernel.now_ms;
		kernel.drip_fd = r.peer;
		if (rows[i].limit)
			conn_set_session_limit(r.conn, rows[i].limit);
		conn_set_deadline(r.conn, rows[i].seconds, rows[i].rate);
		assert_int_equal(conn_read_line(r.conn, &r.line, 64),
				 CONN_TIMEOUT);
		assert_in_range(seconds_since(start), rows[i].lasts,
				rows[i].lasts + 1);
		rig_close(&r);
	}
}

/* No later deadline outlives the session's own end. */
static void test_session_limit(void **state)
{
	struct rig r;
	int64_t start;

	(void)state;
	rig_open(&r, SOCK_STREAM);
	start = kernel.now_ms;
	conn_set_session_limit(r.conn, 100);
	for (int i = 0; i < 10; i++) {
		conn_set_deadline(r.conn, 30, 0);
		assert_int_equal(conn_read_line(r.conn, &r.line, 64),
				 CONN_TIMEOUT);
	}
	assert_int_equal(seconds_since(start), 100);
	/* Nor does a peer that never lets us wait. */
	peer_sends(&r, TEXT("NOOP\r\n"));
	assert_int_equal(conn_read_line(r.conn, &r.line, 64), CONN_TIMEOUT);
	rig_close(&r);
}

static void test_peer_that_does_not_read(void **state)
{
	static const char big[1024 * 1024];
	struct rig r;
	int64_t start;

	(void)state;
	rig_open(&r, SOCK_STREAM);
	start = kernel.now_ms;
	conn_set_deadline(r.conn, 45, 0);
	conn_write(r.conn, big, sizeof(big));
	assert_int_equal(conn_flush(r.conn), CONN_TIMEOUT);
	assert_int_equal(seconds_since(start), 45);
	assert_int_equal(conn_flush(r.conn), CONN_TIMEOUT);
	rig_close(&r);
}

/* Written to until it speaks, and not until the deadline. */
static void test_peer_that_speaks_and_does_not_read(void **state)
{
	static const char big[1024 * 1024];
	const uint8_t *bytes;
	struct rig r;
	int64_t start;
	size_t n;

	(void)state;
	rig_open(&r, SOCK_STREAM);
	conn_hear_while_writing(r.conn);
	kernel.drip_fd = r.peer;
	start = kernel.now_ms;
	conn_write(r.conn, big, sizeof(big));
	assert_true(conn_broken(r.conn));
	assert_int_equal(seconds_since(start), 1);
	assert_true(conn_has_said(r.conn));
	assert_int_equal(conn_peek(r.conn, &bytes, &n), CONN_OK);
	assert_int_equal(bytes[0], 'x');
	assert_int_equal(conn_flush(r.conn), CONN_EOF);
	rig_close(&r);
}

/* One that hangs up and reads nothing is noticed as well. */
static void test_peer_that_ends_and_does_not_read(void **state)
{
	static const char big[1024 * 1024];
	struct rig r;
	int64_t start;

	(void)state;
	rig_open(&r, SOCK_STREAM);
	conn_hear_while_writing(r.conn);
	start = kernel.now_ms;
	assert_int_equal(shutdown(r.peer, SHUT_WR), 0);
	conn_write(r.conn, big, sizeof(big));
	assert_int_equal(conn_flush(r.conn), CONN_EOF);
	assert_int_equal(seconds_since(start), 0);
	assert_false(conn_has_said(r.conn));
	rig_close(&r);
}

/* One that reads slowly gets every octet, and silence ends at the deadline. */
static void test_slow_reader_is_heard_while_writing(void **state)
{
	static uint8_t big[1024 * 1024];
	struct buf got;
	char rest[4096];
	struct rig r;
	ssize_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 31 + i / 251);
	buf_init(&got, sizeof(big));
	rig_open(&r, SOCK_STREAM);
	conn_hear_while_writing(r.conn);
	kernel.drain_fd = r.peer;
	kernel.drained = &got;
	conn_write(r.conn, big, sizeof(big));
	assert_int_equal(conn_flush(r.conn), CONN_OK);
	while ((n = recv(r.peer, rest, sizeof(rest), MSG_DONTWAIT)) > 0)
		assert_true(buf_add(&got, rest, (size_t)n));
	assert_int_equal(got.len, sizeof(big));
	assert_memory_equal(got.data, big, sizeof(big));
	kernel.drain_fd = -1;
	conn_write(r.conn, big, sizeof(big));
	assert_int_equal(conn_flush(r.conn), CONN_TIMEOUT);
	buf_release(&got);
	rig_close(&r);
}

/* Who was too slow still hears it, but gets no long answer any more. */
static void test_late_output(void **state)
{
	static const char big[2 * OUT_SIZE];
	char got[100];
	struct rig r;

	(void)state;
	rig_open(&r, SOCK_STREAM);
	conn_set_session_limit(r.conn, 10);
	assert_int_equal(conn_read_line(r.conn, &r.line, 64), CONN_TIMEOUT);
	conn_write(r.conn, TEXT("421 4.4.2 too slow\r\n"));
	assert_int_equal(conn_flush(r.conn), CONN_OK);
	assert_int_equal(peer_receives(&r, got, sizeof(got)), 20);
	conn_write(r.conn, big, sizeof(big));
	assert_int_equal(conn_flush(r.conn), CONN_TIMEOUT);
	assert_int_equal(peer_receives(&r, got, sizeof(got)), 0);
	rig_close(&r);
}

static int option_of(int fd, int level, int name)
{
	int value = -1;
	socklen_t n = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &n), 0);
	return value;
}

static void rig_open_tcp(struct rig *r)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t n = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	rig_open(r, SOCK_STREAM);
	conn_free(&r->conn);
	close(r->fd);
	close(r->peer);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (unsigned port = 20000; port < 32768; port++) {
		a.sin_port = htons((uint16_t)port);
		if (bind(listener, (struct sockaddr *)&a, sizeof(a)) == 0)
			break;
	}
	assert_int_equal(listen(listener, 1), 0);
	r->peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(r->peer, (struct sockaddr *)&a, n), 0);
	r->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(r->fd >= 0);
	close(listener);
	r->conn = conn_new(r->fd, r->fd);
	conn_set_deadline(r->conn, 60, 0);
}

static void test_tcp_options(void **state)
{
	struct rig r;

	(void)state;
	rig_open_tcp(&r);
	assert_true(option_of(r.fd, IPPROTO_TCP, TCP_NODELAY));
	assert_true(option_of(r.fd, SOL_SOCKET, SO_KEEPALIVE));
	assert_int_equal(option_of(r.fd, IPPROTO_TCP, TCP_KEEPIDLE), 30);
	assert_int_equal(option_of(r.fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 60000);
	rig_close(&r);
	rig_open(&r, SOCK_STREAM);
	assert_false(option_of(r.fd, SOL_SOCKET, SO_KEEPALIVE));
	rig_close(&r);
}

/*
 * The peer has sent more than was read when we say goodbye. Without lingering
 * it would get a reset in place of our last words.
 */
static void test_last_words_arrive(void **state)
{
	static const char flood[100000];
	struct pollfd hung_up = {.events = POLLRDHUP};
	char got[100];
	struct rig r;

	(void)state;
	rig_open_tcp(&r);
	peer_sends(&r, TEXT("BAD\r\n"));
	peer_sends(&r, flood, sizeof(flood));
	assert_int_equal(conn_read_line(r.conn, &r.line, 64), CONN_OK);
	conn_write(r.conn, TEXT("421 4.7.0 too many errors\r\n"));
	conn_bye(r.conn);
	hung_up.fd = r.peer; /* it was told to stop, too */
	assert_int_equal(poll_now(&hung_up, 1), 1);
	conn_free(&r.conn);
	close(r.fd);
	r.fd = dup(r.peer);
	assert_int_equal(recv(r.peer, got, sizeof(got), 0), 27);
	assert_memory_equal(got, "421 ", 4);
	assert_int_equal(recv(r.peer, got, sizeof(got), 0), 0);
	rig_close(&r);
}

/* It lasts five seconds and no longer, whatever the peer does. */
static void test_bye_is_short(void **state)
{
	struct rig r;
	int64_t start;

	(void)state;
	rig_open(&r, SOCK_STREAM);
	start = kernel.now_ms;
	conn_bye(r.conn); /* a silent peer */
	assert_int_equal(seconds_since(start), 5);
	start = kernel.now_ms;
	kernel.drip_fd = r.peer;
	conn_bye(r.conn); /* one that never stops */
	assert_in_range(seconds_since(start), 5, 6);
	rig_close(&r);
}

/* Nobody waits for a peer that has said QUIT, or has hung up. */
static void test_the_peers_own_end(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, SOCK_STREAM);
	conn_peer_ends(r.conn);
	conn_bye(r.conn);
	assert_int_equal(kernel.waits, 0);
	rig_close(&r);
	rig_open(&r, SOCK_STREAM);
	peer_vanishes(&r);
	conn_bye(r.conn);
	assert_int_equal(kernel.waits, 0);
	rig_close(&r);
}

/* What ended the session may be its time; a peer that talks on hears it. */
static void test_bye_has_its_own_time(void **state)
{
	struct rig r;
	int64_t start;

	(void)state;
	rig_open_tcp(&r);
	conn_set_session_limit(r.conn, 60);
	assert_int_equal(conn_read_line(r.conn, &r.line, 64), CONN_TIMEOUT);
	conn_write(r.conn, TEXT("421 4.4.2 too slow\r\n"));
	start = kernel.now_ms;
	kernel.drip_fd = r.peer;
	kernel.drip_octets = 4000;
	conn_bye(r.conn);
	assert_in_range(seconds_since(start), 5, 6);
	rig_close(&r);
}

/* At most 4 MiB: that is no way to keep us busy. */
static void test_bye_hears_so_much(void **state)
{
	enum { PIECE = 4096, MOST = 4 * 1024 * 1024 };
	struct rig r;
	int64_t start;

	(void)state;
	rig_open(&r, SOCK_STREAM);
	start = kernel.now_ms;
	kernel.drip_fd = r.peer;
	kernel.drip_octets = PIECE;
	kernel.drip_ms = 1;
	conn_bye(r.conn);
	assert_in_range(kernel.now_ms - start, MOST / PIECE - 1,
			MOST / PIECE + 1);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_vanishing),
		cmocka_unit_test(test_endless_line),
		cmocka_unit_test(test_peek),
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_wipe_refused),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_one_write_per_flush),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_broken_pipe),
		cmocka_unit_test(test_interrupts_and_short_writes),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_total_not_idle),
		cmocka_unit_test(test_session_limit),
		cmocka_unit_test(test_peer_that_does_not_read),
		cmocka_unit_test(test_peer_that_speaks_and_does_not_read),
		cmocka_unit_test(test_peer_that_ends_and_does_not_read),
		cmocka_unit_test(test_slow_reader_is_heard_while_writing),
		cmocka_unit_test(test_late_output),
		cmocka_unit_test(test_tcp_options),
		cmocka_unit_test(test_last_words_arrive),
		cmocka_unit_test(test_bye_is_short),
		cmocka_unit_test(test_the_peers_own_end),
		cmocka_unit_test(test_bye_has_its_own_time),
		cmocka_unit_test(test_bye_hears_so_much),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
