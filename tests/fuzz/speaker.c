/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A peer that has said everything before it is asked: one packet a read, so
 * that what is read together does not depend on the scheduler. A thread hears
 * what is answered, lest a full socket hold the session up.
 */
#include "common/base.h"

#include <sys/socket.h>

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "tests/fuzz/world.h"

enum {
	PIECE_MAX = 16 * 1024, /* less than a connection reads at once */
	SOCKET_ROOM = 8 * 1024 * 1024,
	SMALL_PIECE = 7,
};

struct speaker {
	int near, far; /* near: the session's; -1: given away */
	pthread_t thread;
	struct buf *heard;
};

static size_t piece_size(const uint8_t *bytes, size_t n, unsigned how)
{
	const uint8_t *end = NULL;
	size_t size = n < PIECE_MAX ? n : PIECE_MAX;

	if ((how & SAID_CUTS) == SAID_IN_PIECES)
		return n < SMALL_PIECE ? n : SMALL_PIECE;
	if ((how & SAID_CUTS) != SAID_AT_ONCE)
		end = memchr(bytes, '\n', size);
	return end ? (size_t)(end - bytes) + 1 : size;
}

/* What no longer fits into the socket is not said. */
static void say(int fd, const uint8_t *bytes, size_t n, unsigned how)
{
	while (n) {
		size_t piece = piece_size(bytes, n, how);

		if (send(fd, bytes, piece, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			break;
		bytes += piece;
		n -= piece;
	}
	(void)shutdown(fd, SHUT_WR);
}

static void *listen_to_it(void *arg)
{
	struct speaker *s = arg;
	uint8_t *piece = xmalloc(PIECE_MAX * 4);
	ssize_t got;

	while ((got = recv(s->far, piece, PIECE_MAX * 4, 0)) > 0)
		fuzz_require(buf_add(s->heard, piece, (size_t)got));
	free(piece);
	return NULL;
}

struct speaker *speaker_new(const uint8_t *bytes, size_t n, unsigned how,
			    struct buf *heard)
{
	struct speaker *s = xcalloc(1, sizeof(*s));
	const int room = SOCKET_ROOM;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		die_temp("socketpair: %s", strerror(errno));
	*s = (struct speaker){.near = ends[0], .far = ends[1], .heard = heard};
	if (setsockopt(s->far, SOL_SOCKET, SO_SNDBUFFORCE, &room,
		       sizeof(room)) < 0)
		(void)setsockopt(s->far, SOL_SOCKET, SO_SNDBUF, &room,
				 sizeof(room));
	say(s->far, bytes, n, how);
	if (heard && pthread_create(&s->thread, NULL, listen_to_it, s) != 0)
		die_temp("no thread");
	return s;
}

int speaker_fd(const struct speaker *s)
{
	return s->near;
}

void speaker_give_fd(struct speaker *s)
{
	s->near = -1;
}

void speaker_free(struct speaker **s)
{
	if ((*s)->near >= 0)
		close((*s)->near);
	if ((*s)->heard)
		pthread_join((*s)->thread, NULL);
	close((*s)->far);
	free(*s);
	*s = NULL;
}
