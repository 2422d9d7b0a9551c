/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and writing against the clock. Buffers nothing. */
#include "common/base.h"
#include "common/wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "common/clock.h"

/* A piece of a connection in its TLS record, and what TLS has to say itself. */
enum { HELD_MAX = 32 * 1024 };

static void set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && !(flags & O_NONBLOCK))
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/*
 * Replies must not wait for the peer's delayed ACK, and a peer that is gone
 * without a word must be noticed within about a minute. On anything but TCP
 * the first call fails, and that is all.
 */
static void set_tcp_options(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, 30},
		{IPPROTO_TCP, TCP_KEEPINTVL, 10},
		{IPPROTO_TCP, TCP_KEEPCNT, 3},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, 60 * 1000},
	};

	for (size_t i = 0; i < N_ELEMENTS(options); i++)
		if (setsockopt(fd, options[i].level, options[i].name,
			       &options[i].value, sizeof(int)) < 0)
			return;
}

void wire_init(struct wire *w, int fd_in, int fd_out)
{
	*w = (struct wire){
		.fd_in = fd_in,
		.fd_out = fd_out,
		.limit = INT64_MAX,
		.deadline = INT64_MAX,
	};
	buf_init(&w->held, HELD_MAX);
	set_nonblocking(fd_in);
	if (fd_out != fd_in)
		set_nonblocking(fd_out);
	set_tcp_options(fd_out);
}

void wire_release(struct wire *w)
{
	buf_release(&w->held);
}

void wire_set_limit(struct wire *w, int64_t ms)
{
	w->limit = clock_ms() + ms;
}

void wire_set_deadline(struct wire *w, int64_t ms, unsigned min_rate)
{
	w->deadline = clock_ms() + ms;
	w->min_rate = min_rate;
	w->moved_at_start = w->moved;
}

/* Milliseconds until the deadline or the limit, whichever comes first. */
static int64_t time_left(const struct wire *w)
{
	int64_t end = w->deadline;

	if (w->min_rate)
		end += (int64_t)((w->moved - w->moved_at_start) * 1000 /
				 w->min_rate);
	if (end > w->limit)
		end = w->limit;
	return end == INT64_MAX ? INT64_MAX : end - clock_ms();
}

bool wire_is_late(const struct wire *w)
{
	return time_left(w) <= 0;
}

/* False, errno EAGAIN: the deadline passed. */
static bool wait_for_any(const struct wire *w, struct pollfd *p, nfds_t n_p)
{
	int64_t left;

	while ((left = time_left(w)) > 0) {
		int n = poll(p, n_p, left > INT_MAX ? INT_MAX : (int)left);

		/* Where poll fails, the next read or write says why. */
		if (n > 0 || (n < 0 && errno != EINTR))
			return true;
	}
	errno = EAGAIN;
	return false;
}

static bool wait_for(const struct wire *w, int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	return wait_for_any(w, &p, 1);
}

/*
 * The clock is asked before every read, not only where we wait: a peer that
 * never lets us wait must not go on for ever.
 */
ssize_t wire_read(void *owner, void *bytes, size_t n)
{
	const struct wire *w = owner;

	if (!w->hasty && wire_is_late(w)) {
		errno = EAGAIN;
		return -1;
	}
	for (;;) {
		ssize_t got = read(w->fd_in, bytes, n);

		if (got >= 0 || (errno != EAGAIN && errno != EINTR))
			return got;
		if (errno == EAGAIN &&
		    (w->hasty || !wait_for(w, w->fd_in, POLLIN)))
			return -1;
	}
}

static ssize_t hold(struct wire *w, const uint8_t *bytes, size_t n, size_t all)
{
	if (buf_add(&w->held, bytes, n))
		return (ssize_t)all;
	errno = ENOBUFS;
	return -1;
}

/*
 * What leaves without waiting leaves even behind the deadline: a peer that
 * was too slow is still told so.
 */
ssize_t wire_write(void *owner, const void *bytes, size_t n)
{
	struct wire *w = owner;
	const uint8_t *next = bytes;
	size_t left = n;

	if (w->held.len)
		return hold(w, next, n, n);
	while (left) {
		ssize_t put = write(w->fd_out, next, left);

		if (put >= 0) {
			next += put;
			left -= (size_t)put;
		} else if (errno == EAGAIN && w->holds) {
			return hold(w, next, left, n);
		} else if (errno != EINTR &&
			   (errno != EAGAIN ||
			    !wait_for(w, w->fd_out, POLLOUT))) {
			return -1;
		}
	}
	return (ssize_t)n;
}

/* False: the peer is gone. Where it takes nothing now, nothing leaves. */
static bool write_held(struct wire *w)
{
	ssize_t put = write(w->fd_out, w->held.data, w->held.len);

	if (put < 0)
		return errno == EAGAIN || errno == EINTR;
	buf_drop(&w->held, (size_t)put);
	return true;
}

bool wire_settle(struct wire *w, bool *input_r)
{
	*input_r = false;
	while (w->held.len && !*input_r) {
		struct pollfd p[2] = {
			{.fd = w->fd_out, .events = POLLOUT},
			{.fd = w->fd_in, .events = POLLIN},
		};

		if (!wait_for_any(w, p, N_ELEMENTS(p)))
			return false;
		if (!p[0].revents)
			*input_r = p[1].revents != 0;
		else if (!write_held(w))
			return false;
	}
	return true;
}

ssize_t wire_read_now(struct wire *w, void *bytes, size_t n)
{
	ssize_t got;

	do
		got = read(w->fd_in, bytes, n);
	while (got < 0 && errno == EINTR);
	return got;
}
