/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is connected: addresses of real sockets, networks, and PROXY v2 headers,
 * good ones cut at every octet and bad ones of every kind.
 */
#include "common/base.h"
#include "common/peer.h"
#include "common/peer_proxy.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/conn.h"
#include "tests/unit/cutting.h"

static struct peer peer_of_text(const char *text)
{
	struct peer p = {.is_ip = true, .text = ""};

	p.is_ipv6 = strchr(text, ':') != NULL;
	assert_int_equal(
		inet_pton(p.is_ipv6 ? AF_INET6 : AF_INET, text, p.address), 1);
	return p;
}

static void test_networks(void **state)
{
	static const struct {
		const char *network, *address;
		bool has;
	} rows[] = {
		{"192.0.2.7", "192.0.2.7", true},
		{"192.0.2.7", "192.0.2.8", false},
		{"192.0.2.7/32", "192.0.2.7", true},
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"40.92.0.0/15", "40.93.255.255", true},
		{"40.92.0.0/15", "40.94.0.0", false},
		{"128.0.0.0/1", "128.0.0.1", true},
		{"128.0.0.0/1", "127.255.255.255", false},
		{"0.0.0.0/0", "203.0.113.1", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "2001:db8::1", true},
		{"::/0", "192.0.2.7", false},
		{"2001:db8::/32", "2001:db8:ffff::1", true},
		{"2001:db8::/32", "2001:db9::1", false},
		{"2001:db8::/127", "2001:db8::1", true},
		{"2001:db8::/127", "2001:db8::2", false},
		{"2001:DB8::1", "2001:db8::1", true},
		{"::ffff:192.0.2.0/120", "192.0.2.9", true},
		{"::ffff:192.0.2.0/120", "192.0.3.9", false},
		{"::ffff:192.0.2.9", "192.0.2.9", true},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct peer p = peer_of_text(rows[i].address);
		struct network n;

		if (!network_parse(rows[i].network, &n))
			fail_msg("%s is a network", rows[i].network);
		if (network_has(&n, &p) != rows[i].has)
			fail_msg("%s has %s: not %d", rows[i].network,
				 rows[i].address, rows[i].has);
	}
}

static void test_no_networks(void **state)
{
	static const char *const rows[] = {
		"",
		"/",
		"/8",
		"192.0.2",
		"192.0.2.0/",
		"192.0.2.0/33",
		"192.0.2.0/-1",
		"192.0.2.0/+8",
		"192.0.2.0/ 8",
		"192.0.2.0/8 ",
		" 192.0.2.0/24",
		"192.0.2.0/24/24",
		"192.0.2.0/99999999999999999999",
		"192.0.2.7/24",
		"192.0.2.128/24",
		"192.0.2.0/255.255.255.0",
		"256.0.0.0/8",
		"010.0.0.1",
		"2001:db8::/129",
		"2001:db8::1/64",
		"::1/0",
		"2001:db8:::/32",
		"fe80::1%lo",
		"localhost",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
	};
	struct network n;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		if (network_parse(rows[i], &n))
			fail_msg("\"%s\" is no network", rows[i]);
}

/* A peer without an address is in no network, not even in that of all. */
static void test_local_is_nowhere(void **state)
{
	struct peer local = {.text = "local"};
	struct network n;

	(void)state;
	assert_true(network_parse("0.0.0.0/0", &n));
	assert_false(network_has(&n, &local));
	assert_true(network_parse("0.0.0.0", &n));
	assert_false(network_has(&n, &local));
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static union address loopback(int family, uint16_t port)
{
	union address a = {.any.sa_family = AF_UNSPEC};

	if (family == AF_INET) {
		a.v4.sin_family = AF_INET;
		a.v4.sin_port = htons(port);
		a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	} else {
		a.v6.sin6_family = AF_INET6;
		a.v6.sin6_port = htons(port);
		a.v6.sin6_addr = in6addr_loopback;
	}
	return a;
}

/* Listens on all addresses of its family; connects from `from`. */
static bool accept_from(int family, int from, int *fd_r, int *client_r)
{
	union address any = {.any.sa_family = AF_UNSPEC}, to;
	int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int no = 0;
	bool bound = false;

	if (listener < 0)
		return false;
	if (family == AF_INET6)
		setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &no,
			   sizeof(no));
	for (uint16_t port = 21000; port < 32768 && !bound; port++) {
		any = loopback(family, port);
		if (family == AF_INET6)
			any.v6.sin6_addr = in6addr_any;
		to = loopback(from, port);
		bound = bind(listener, &any.any, sizeof(any)) == 0;
	}
	*client_r = socket(from, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!bound || listen(listener, 1) < 0 ||
	    connect(*client_r, &to.any, sizeof(to)) < 0) {
		close(listener);
		return false;
	}
	*fd_r = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	return *fd_r >= 0;
}

static void expect_socket(int family, int from, const char *text, bool is_ipv6)
{
	struct peer p;
	int fd, client;

	if (!accept_from(family, from, &fd, &client)) {
		print_message("no IPv6 here: %s left out\n", text);
		assert_int_not_equal(family, AF_INET);
		return;
	}
	peer_of_socket(fd, &p);
	assert_string_equal(p.text, text);
	assert_true(p.is_ip);
	assert_int_equal(p.is_ipv6, is_ipv6);
	assert_false(p.tls);
	assert_false(peer_is_own_unix_socket(fd));
	close(fd);
	close(client);
}

static void test_sockets(void **state)
{
	struct peer p;
	int fds[2];

	(void)state;
	expect_socket(AF_INET, AF_INET, "127.0.0.1", false);
	expect_socket(AF_INET6, AF_INET, "127.0.0.1", false); /* mapped */
	expect_socket(AF_INET6, AF_INET6, "::1", true);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	peer_of_socket(fds[0], &p);
	assert_string_equal(p.text, "local");
	assert_false(p.is_ip);
	close(fds[0]);
	close(fds[1]);
	peer_of_socket(-1, &p);
	assert_string_equal(p.text, "unknown");
	assert_false(p.is_ip);
}

static void test_own_unix_socket(void **state)
{
	int fds[2], lone;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_true(peer_is_own_unix_socket(fds[0]));
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	assert_false(peer_is_own_unix_socket(fds[0]));
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(pipe(fds), 0);
	assert_false(peer_is_own_unix_socket(fds[0]));
	close(fds[0]);
	close(fds[1]);
	lone = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_false(peer_is_own_unix_socket(lone));
	close(lone);
	assert_false(peer_is_own_unix_socket(-1));
}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4	  "\xc0\x00\x02\x07\xc0\x00\x02\x01\x9c\x40\x00\x6e"
#define V6                                                                     \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"                           \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"                           \
	"\x9c\x40\x00\x6e"
#define MAPPED                                                                 \
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x07"                         \
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01"                         \
	"\x9c\x40\x00\x6e"
#define HEADER(s) SIGNATURE s, sizeof(SIGNATURE s) - 1

struct proxy_row {
	const char *bytes;
	size_t n;
	const char *text; /* NULL: refused */
	const char *tls;  /* NULL: not over TLS */
};

static const struct proxy_row proxy_rows[] = {
	{HEADER("\x21\x11\0\x0c" V4), "192.0.2.7", NULL},
	{HEADER("\x21\x21\0\x24" V6), "2001:db8::1", NULL},
	{HEADER("\x21\x21\0\x24" MAPPED), "192.0.2.7", NULL},
	/* not through anybody: the socket's own peer stays */
	{HEADER("\x20\0\0\0"), "local", NULL},
	{HEADER("\x20\x11\0\x0c" V4), "local", NULL},
	{HEADER("\x20\0\0\x03xyz"), "local", NULL},
	{HEADER("\x21\0\0\0"), "local", NULL},
	{HEADER("\x21\0\0\x03xyz"), "local", NULL},
	/* other TLVs first, TLS facts among them */
	{HEADER("\x21\x11\0\x14" V4 "\x05\0\x05hello"), "192.0.2.7", NULL},
	{HEADER("\x21\x11\0\x21" V4
		"\x20\0\x12\x01\0\0\0\0\x21\0\x07TLSv1.3\x23\0\0"),
	 "192.0.2.7", "TLS1.3"},
	{HEADER("\x21\x11\0\x23" V4
		"\x04\0\0\x20\0\x11\x01\0\0\0\0\x22\0\0\x21\0\x06TLS1.2"),
	 "192.0.2.7", "TLS1.2"},
	{HEADER("\x21\x11\0\x14" V4 "\x20\0\x05\x01\0\0\0\0"), "192.0.2.7", ""},
	/* present, but the client did not use it */
	{HEADER("\x21\x11\0\x14" V4 "\x20\0\x05\0\0\0\0\0"), "192.0.2.7", NULL},
	/* refused: command, version, family, lengths */
	{HEADER("\x22\x11\0\x0c" V4), NULL, NULL},
	{HEADER("\x11\x11\0\x0c" V4), NULL, NULL},
	{HEADER("\x21\x12\0\x0c" V4), NULL, NULL},
	{HEADER("\x21\x31\0\x0c" V4), NULL, NULL},
	{HEADER("\x21\x41\0\x0c" V4), NULL, NULL},
	{HEADER("\x21\x21\0\x0c" V4), NULL, NULL},
	{HEADER("\x21\x11\0\0"), NULL, NULL},
	{HEADER("\x21\x11\0\x0b\xc0\x00\x02\x07\xc0\x00\x02\x01\x9c\x40\x00"),
	 NULL, NULL},
	/* TLVs that do not fit, outside and inside */
	{HEADER("\x21\x11\0\x0e" V4 "\x05\0"), NULL, NULL},
	{HEADER("\x21\x11\0\x10" V4 "\x05\0\x02h"), NULL, NULL},
	{HEADER("\x21\x11\0\x13" V4 "\x20\0\x04\x01\0\0\0"), NULL, NULL},
	{HEADER("\x21\x11\0\x16" V4 "\x20\0\x07\x01\0\0\0\0\x21\0"), NULL,
	 NULL},
	{HEADER("\x21\x11\0\x17" V4 "\x20\0\x08\x01\0\0\0\0\x21\0\x01"), NULL,
	 NULL},
	/* versions that are none */
	{HEADER("\x21\x11\0\x17" V4 "\x20\0\x08\x01\0\0\0\0\x21\0\0"), NULL,
	 NULL},
	{HEADER("\x21\x11\0\x1a" V4 "\x20\0\x0b\x01\0\0\0\0\x21\0\x03T\r\n"),
	 NULL, NULL},
	{HEADER("\x21\x11\0\x23" V4
		"\x20\0\x14\x01\0\0\0\0\x21\0\x0cTLSTLSTLSTLS"),
	 NULL, NULL},
};

static const char behind[] = "USER x\r\n";

/* Input arrives in the pieces of a cutting. */
static struct {
	int fd;
	const struct cutting *cut;
	size_t at, total;
} arriving = {.fd = -1};

ssize_t read(int fd, void *bytes, size_t n)
{
	ssize_t got;

	if (fd == arriving.fd && arriving.at < arriving.total) {
		size_t piece = cutting_piece(arriving.cut, arriving.at,
					     arriving.total);

		n = n < piece ? n : piece;
	}
	got = syscall(SYS_read, fd, bytes, n);
	if (fd == arriving.fd && got > 0)
		arriving.at += (size_t)got;
	return got;
}

static struct conn *conn_on(const struct cutting *cut, const char *header,
			    size_t n, int *fd_r)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(send(fds[1], header, n, 0), n);
	assert_int_equal(send(fds[1], behind, sizeof(behind) - 1, 0),
			 sizeof(behind) - 1);
	close(fds[1]);
	arriving.fd = fds[0];
	arriving.cut = cut;
	arriving.at = 0;
	arriving.total = n + sizeof(behind) - 1;
	*fd_r = fds[0];
	return conn_new(fds[0], fds[0]);
}

/* The descriptor may be another's in a moment. */
static void close_conn(struct conn **c, int fd)
{
	conn_free(c);
	close(fd);
	arriving.fd = -1;
}

/* Not an octet more than the header was taken off the descriptor. */
static void expect_behind(struct conn *c, int fd)
{
	char text[sizeof(behind)];

	assert_false(conn_input_buffered(c));
	assert_int_equal(recv(fd, text, sizeof(text), MSG_PEEK),
			 sizeof(behind) - 1);
	assert_memory_equal(text, behind, sizeof(behind) - 1);
}

static void expect_header(const struct cutting *cut, const void *arg)
{
	const struct proxy_row *row = arg;
	struct peer p = {.text = "local"}, q = p;
	struct conn *c;
	struct err e;
	int fd, done;

	c = conn_on(cut, row->bytes, row->n, &fd);
	done = peer_proxy_read(c, &p, &e);
	if (!row->text) {
		assert_int_equal(done, -1);
		assert_string_equal(p.text, "local"); /* untouched */
		assert_false(p.tls);
	} else {
		assert_int_equal(done, 0);
		assert_string_equal(p.text, row->text);
		assert_int_equal(p.is_ip, strcmp(row->text, "local") != 0);
		assert_int_equal(p.tls, row->tls != NULL);
		assert_string_equal(p.tls_version, row->tls ? row->tls : "");
		assert_int_equal(conn_octets_in(c), row->n);
		expect_behind(c, fd);
	}
	close_conn(&c, fd);
	/* A balancer is believed in all but TLS. */
	c = conn_on(cut, row->bytes, row->n, &fd);
	assert_int_equal(peer_proxy_read_balancer(c, &q),
			 row->text ? CONN_OK : CONN_BAD_LINE);
	assert_string_equal(q.text, p.text);
	assert_false(q.tls);
	assert_string_equal(q.tls_version, "");
	close_conn(&c, fd);
}

#define ADDRESS_39 "2001:0db8:0000:0000:0000:0000:0000:0001"
#define LINE(text) "PROXY " text "\r\n"

static const struct {
	const char *line;
	const char *text; /* NULL: refused */
} line_rows[] = {
	{LINE("TCP4 192.0.2.7 192.0.2.1 40000 25"), "192.0.2.7"},
	{LINE("TCP4 255.255.255.255 255.255.255.255 65535 65535"),
	 "255.255.255.255"},
	{LINE("TCP6 2001:db8::1 2001:db8::2 40000 25"), "2001:db8::1"},
	{LINE("TCP6 " ADDRESS_39 " " ADDRESS_39 " 65535 65535"), "2001:db8::1"},
	{LINE("TCP6 ::ffff:192.0.2.7 ::1 1 2"), "192.0.2.7"},
	/* not through anybody: the socket's own peer stays */
	{LINE("UNKNOWN"), "local"},
	{LINE("UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535"), "local"},
	/* refused */
	{LINE(""), NULL},
	{LINE("TCP4"), NULL},
	{LINE("TCP5 192.0.2.7 192.0.2.1 40000 25"), NULL},
	{LINE("tcp4 192.0.2.7 192.0.2.1 40000 25"), NULL},
	{LINE("TCP4 192.0.2.7 192.0.2.1 40000"), NULL},
	{LINE("TCP4 192.0.2.7 192.0.2.1 40000 25 "), NULL},
	{LINE("TCP4 192.0.2.7 192.0.2.1 40000 25 x"), NULL},
	{LINE("TCP4  192.0.2.7 192.0.2.1 40000 25"), NULL},
	{LINE("TCP4 192.0.2.7 192.0.2.1 65536 25"), NULL},
	{LINE("TCP4 192.0.2.7 192.0.2.1 -1 25"), NULL},
	{LINE("TCP4 192.0.2.7 2001:db8::1 40000 25"), NULL},
	{LINE("TCP6 192.0.2.7 192.0.2.1 40000 25"), NULL},
	{LINE("TCP4 192.0.2.256 192.0.2.1 40000 25"), NULL},
	{LINE("TCP4 192.0.2.7%eth0 192.0.2.1 40000 25"), NULL},
	{"PROXY TCP4 192.0.2.7 192.0.2.1 40000 25\n", NULL},
	{"PROXYTCP4 192.0.2.7 192.0.2.1 40000 25\r\n", NULL},
	{"PROXI TCP4 192.0.2.7 192.0.2.1 40000 25\r\n", NULL},
	{"PASS secret\r\n", NULL},
	{"EHLO mx.example\r\n", NULL},
	{"\n", NULL},
	/* 107 octets, and one more */
	{LINE("UNKNOWN xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
	 "local"},
	{LINE("UNKNOWN xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
	 NULL},
};

static void expect_line(const struct cutting *cut, const void *arg)
{
	const char *line = *(const char *const *)arg;
	const char *text = ((const char *const *)arg)[1];
	struct peer p = {.text = "local"};
	int fd;
	struct conn *c = conn_on(cut, line, strlen(line), &fd);

	if (peer_proxy_read_balancer(c, &p) != (text ? CONN_OK : CONN_BAD_LINE))
		fail_msg("%s", line);
	assert_string_equal(p.text, text ? text : "local");
	if (text)
		expect_behind(c, fd);
	close_conn(&c, fd);
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(line_rows); i++) {
		const char *line = line_rows[i].line;
		struct peer p = {.text = "local"};

		cutting_each(strlen(line) + sizeof(behind) - 1, expect_line,
			     &line_rows[i]);
		for (size_t n = 0; n < strlen(line); n++)
			assert_false(peer_proxy_parse_line(
				(const uint8_t *)line, n, &p));
	}
	/* What stands behind a NUL is no word of ours. */
	for (size_t n = 0; n < 40; n++) {
		uint8_t line[] = LINE("TCP4 192.0.2.7 192.0.2.1 40000 25");
		struct peer p = {.text = "local"};

		line[n] = '\0';
		assert_false(peer_proxy_parse_line(line, sizeof(line) - 1, &p));
	}
}

static void test_line_cut_off(void **state)
{
	static const char line[] = LINE("TCP4 192.0.2.7 192.0.2.1 40000 25");

	(void)state;
	for (size_t n = 0; n < sizeof(line) - 1; n++) {
		struct peer p = {.text = "local"};
		struct conn *c;
		int fds[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		assert_int_equal(send(fds[1], line, n, 0), n);
		close(fds[1]);
		c = conn_new(fds[0], fds[0]);
		assert_int_equal(peer_proxy_read_balancer(c, &p), CONN_EOF);
		assert_string_equal(p.text, "local");
		conn_free(&c);
		close(fds[0]);
	}
}

static void test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(proxy_rows); i++) {
		struct peer p = {.text = "local"};

		cutting_each(proxy_rows[i].n + sizeof(behind) - 1,
			     expect_header, &proxy_rows[i]);
		/* The pure function wants all of it and nothing more. */
		for (size_t n = 0; n < proxy_rows[i].n; n++)
			assert_false(peer_proxy_parse(
				(const uint8_t *)proxy_rows[i].bytes, n, &p));
	}
}

static void test_header_cut_off(void **state)
{
	static const char header[] = SIGNATURE "\x21\x11\0\x0c" V4;

	(void)state;
	for (size_t n = 0; n < sizeof(header) - 1; n++) {
		struct peer p = {.text = "local"};
		struct conn *c;
		struct err e;
		int fds[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		assert_int_equal(send(fds[1], header, n, 0), n);
		close(fds[1]);
		c = conn_new(fds[0], fds[0]);
		assert_int_equal(peer_proxy_read(c, &p, &e), -1);
		assert_non_null(strstr(e.text, "the peer is gone"));
		conn_free(&c);
		close(fds[0]);
	}
}

/* A size that would be read and read: refused before. */
static void test_header_size(void **state)
{
	uint8_t head[PROXY_HEAD_SIZE];

	(void)state;
	memcpy(head, SIGNATURE "\x21\x11\x07\xf0", sizeof(head));
	assert_int_equal(peer_proxy_size(head), PROXY_MAX);
	head[15]++;
	assert_int_equal(peer_proxy_size(head), 0);
	memcpy(head, SIGNATURE "\x21\x11\xff\xff", sizeof(head));
	assert_int_equal(peer_proxy_size(head), 0);
	memcpy(head, "PROXY TCP4 192.0.2.7", sizeof(head));
	assert_int_equal(peer_proxy_size(head), 0);
}

/* What we write is what we read. */
static void test_written(void **state)
{
	static const char *const rows[] = {"192.0.2.7", "2001:db8::1"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct peer from = peer_of_text(rows[i]), to = {.text = ""};
		uint8_t header[PROXY_WRITTEN_MAX];
		size_t n = peer_proxy_write(&from, "TLS1.3", header);

		assert_in_range(n, PROXY_HEAD_SIZE, PROXY_WRITTEN_MAX);
		assert_true(peer_proxy_parse(header, n, &to));
		assert_string_equal(to.text, rows[i]);
		assert_true(to.tls);
		assert_string_equal(to.tls_version, "TLS1.3");
	}
}

/* A client of this host has no address, and is given none. */
static void test_written_without_an_address(void **state)
{
	struct peer from = {.text = "local"}, to = {.text = "local"};
	uint8_t header[PROXY_WRITTEN_MAX];
	size_t n = peer_proxy_write(&from, "TLS1.3", header);

	(void)state;
	assert_in_range(n, PROXY_HEAD_SIZE, PROXY_WRITTEN_MAX);
	assert_true(peer_proxy_parse(header, n, &to));
	assert_false(to.is_ip);
	assert_string_equal(to.text, "local");
	assert_true(to.tls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_no_networks),
		cmocka_unit_test(test_local_is_nowhere),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_own_unix_socket),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_header_cut_off),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_line_cut_off),
		cmocka_unit_test(test_header_size),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_written_without_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
