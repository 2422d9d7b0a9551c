/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The network as a proxy's dialler meets it in a story: names are resolved and
 * connections made by the real dialler, but what it reaches is a socket in
 * the stage's directory, named for the port. Needs no network.
 *
 * *.example is at a public address, *.private at a private one, and nothing
 * else is known. Where nobody listens, the connection is refused.
 */
#ifndef RESTANTE_TESTS_CHAT_NETWORK_H
#define RESTANTE_TESTS_CHAT_NETWORK_H

#include "common/base.h"

enum { NETWORK_PATH_MAX = 96 };

/* From now on upstream's sockets are in dir, which is borrowed. */
void network_set(const char *dir);

/* The path of what listens at "PORT", or at the name of a socket. */
void network_path(const char *dir, const char *at,
		  char path_r[NETWORK_PATH_MAX]);

/* A socket that listens there; trouble ends the program. */
int network_listen(const char *path);

#endif
