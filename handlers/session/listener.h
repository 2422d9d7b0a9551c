/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sockets that a handler is to accept connections on, where it has any:
 * those that systemd passes (LISTEN_FDS, sd_listen_fds(3)), fd 0 as xinetd
 * passes it with wait = yes, or one that it binds itself (--listen).
 */
#ifndef RESTANTE_HANDLERS_SESSION_LISTENER_H
#define RESTANTE_HANDLERS_SESSION_LISTENER_H

#include "common/err.h"

enum { LISTENERS_MAX = 16 };

struct listeners {
	int fds[LISTENERS_MAX]; /* above fd 2, not blocking, close-on-exec */
	size_t n;		/* 0: this process serves one connection */
	bool own;		/* bound here: nobody brings us back */
};

/*
 * address: "192.0.2.1:25", "[::]:25", or NULL. Fd 0, 1 and 2 hold no listening
 * socket afterwards. -1: e says why.
 */
int listeners_find(struct listeners *l_r, const char *address, struct err *e);

/*
 * Leaves them open for the program that takes this one's place by exec, with
 * the environment that says so.
 */
void listeners_hand_on(const struct listeners *l);

/*
 * Closes what waits there, unheard: whoever cannot serve must not be started
 * again and again by one that nobody takes.
 */
void listeners_turn_away(const struct listeners *l);

#endif
