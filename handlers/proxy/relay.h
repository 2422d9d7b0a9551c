/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Passing octets both ways between two connections until both have ended: the
 * one place with two descriptors in one poll.
 */
#ifndef RESTANTE_HANDLERS_PROXY_RELAY_H
#define RESTANTE_HANDLERS_PROXY_RELAY_H

#include "common/conn.h"

/*
 * Passes everything from either side to the other. When the client ends, what
 * it sent is passed on first, then server_fd is shut for writing, and the
 * server is heard out. idle_seconds of silence end it: CONN_TIMEOUT. Buffers
 * are wiped as they go: there may be passwords in them.
 */
enum conn_status relay_run(struct conn *client, struct conn *server,
			   unsigned idle_seconds);

#endif
