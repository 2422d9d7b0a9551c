/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening sockets, found or made. Reads no octet from any connection. */
#include "common/base.h"
#include "handlers/session/listener.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include "common/num.h"
#include "common/peer.h"

enum { LISTEN_FDS_START = 3, TURNED_AWAY_MAX = 64, PORT_MAX = 65535 };

static bool is_listening(int fd)
{
	int value = 0;
	socklen_t n = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &n) == 0 &&
	       value;
}

/* --- binding one ---------------------------------------------------------- */

/* The part before the last colon, without its brackets. */
static bool parse_address(const char *text, struct network *host_r,
			  uint64_t *port_r)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	size_t n = colon ? (size_t)(colon - text) : sizeof(host);

	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		memmove(host, host + 1, n - 1);
	} else if (strchr(host, ':')) {
		return false;
	}
	return !strchr(host, '/') && network_parse(host, host_r) &&
	       num_parse(colon + 1, strlen(colon + 1), PORT_MAX, port_r) &&
	       *port_r > 0;
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t make_address(const struct network *host, uint64_t port,
			      union address *a_r)
{
	*a_r = (union address){.v6 = {.sin6_family = AF_INET6}};
	if (host->is_ipv6) {
		a_r->v6.sin6_port = htons((uint16_t)port);
		memcpy(&a_r->v6.sin6_addr, host->address, 16);
		return sizeof(a_r->v6);
	}
	a_r->v4 = (struct sockaddr_in){.sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port)};
	memcpy(&a_r->v4.sin_addr, host->address, 4);
	return sizeof(a_r->v4);
}

static int bind_listener(const char *text, struct err *e)
{
	const int on = 1;
	struct network host;
	union address a;
	socklen_t n;
	uint64_t port;
	int fd;

	if (!parse_address(text, &host, &port))
		return err_set(e, ERR_CONFIG,
			       "--listen %s: expected an address and a port "
			       "such as 127.0.0.1:2525 or [::]:25",
			       text);
	n = make_address(&host, port, &a);
	fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, &a.any, n) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	err_sys(e, "--listen %s", text);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* --- those that were passed ----------------------------------------------- */

static bool number_of(const char *variable, uint64_t most, uint64_t *number_r)
{
	const char *text = getenv(variable);

	return text && num_parse(text, strlen(text), most, number_r);
}

/* No child is to take them for its own. */
static size_t count_passed(void)
{
	uint64_t pid = 0, n = 0;
	bool ours = number_of("LISTEN_PID", INT32_MAX, &pid) &&
		    pid == (uint64_t)getpid() &&
		    number_of("LISTEN_FDS", LISTENERS_MAX, &n);

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return ours ? (size_t)n : 0;
}

static int add(struct listeners *l, int fd, struct err *e)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return err_sys(e, "the listening socket");
	l->fds[l->n++] = fd;
	return 0;
}

static int add_passed(struct listeners *l, struct err *e)
{
	size_t n = count_passed();

	for (size_t i = 0; i < n; i++) {
		int fd = LISTEN_FDS_START + (int)i;

		/* With Accept=yes it is the connection that fd 0 is, too. */
		if (is_listening(fd) && add(l, fd, e) < 0)
			return -1;
	}
	return 0;
}

/* What is not open, or listens, becomes /dev/null. */
static int settle_standard_fds(struct err *e)
{
	int null = open("/dev/null", O_RDWR);

	while (null >= 0 && null <= STDERR_FILENO)
		null = dup(null);
	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		if (is_listening(fd) && dup2(null, fd) < 0)
			null = -1;
	if (null < 0)
		return err_sys(e, "/dev/null");
	close(null);
	return 0;
}

static int add_fd_0(struct listeners *l, struct err *e)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, LISTEN_FDS_START);

	if (fd < 0)
		return err_sys(e, "the listening socket");
	return add(l, fd, e);
}

int listeners_find(struct listeners *l_r, const char *address, struct err *e)
{
	int fd;

	*l_r = (struct listeners){.own = address != NULL};
	if (add_passed(l_r, e) < 0)
		return -1;
	if (l_r->n == 0 && address) {
		fd = bind_listener(address, e);
		if (fd < 0 || add(l_r, fd, e) < 0)
			return -1;
	}
	if (l_r->n == 0 && is_listening(STDIN_FILENO) && add_fd_0(l_r, e) < 0)
		return -1;
	return l_r->n ? settle_standard_fds(e) : 0;
}

void listeners_hand_on(const struct listeners *l)
{
	char text[24];

	/* Bound here it is one, and passed they stand there already. */
	for (size_t i = 0; i < l->n; i++) {
		int fd = LISTEN_FDS_START + (int)i;

		if (l->fds[i] == fd)
			(void)fcntl(fd, F_SETFD, 0);
		else
			(void)dup2(l->fds[i], fd);
	}
	snprintf(text, sizeof(text), "%d", (int)getpid());
	setenv("LISTEN_PID", text, 1);
	snprintf(text, sizeof(text), "%zu", l->n);
	setenv("LISTEN_FDS", text, 1);
}

void listeners_turn_away(const struct listeners *l)
{
	for (size_t i = 0; i < l->n; i++)
		for (int k = 0; k < TURNED_AWAY_MAX; k++) {
			int fd = accept4(l->fds[i], NULL, NULL, SOCK_CLOEXEC);

			if (fd < 0)
				break;
			close(fd);
		}
}
