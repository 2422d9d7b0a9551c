/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Accepts connections and gives each a process of its own. Reads no octet of a
 * peer's, and outlives no change of what it was made of: it ends, and the
 * socket brings it back.
 */
#ifndef RESTANTE_HANDLERS_SESSION_ACCEPTOR_H
#define RESTANTE_HANDLERS_SESSION_ACCEPTOR_H

#include "common/conf.h"
#include "handlers/session/listener.h"

struct reply;
struct tls;

/* Everything is borrowed. */
struct acceptor_task {
	const struct conf *conf;
	const struct conf_acceptor *limits;
	const struct listeners *listeners;
	const struct reply *full_house; /* NULL: TLS would come first */
	const struct tls *tls;		/* what children have ready, or NULL */
	const char *program;		/* the path of this one */
	char *const *session_args;	/* of one that serves a connection */
	char *const *own_args;
};

/*
 * Serves until it is time for another one. Returns in a child alone, whose fd 0
 * and 1 are the connection, and that holds no other.
 */
void acceptor_run(const struct acceptor_task *task);

#endif
