/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dialler's other end: the process that resolves and connects, and what
 * travels between it and the session. For dialler.c alone.
 */
#ifndef RESTANTE_HANDLERS_PROXY_DIALLER_CHILD_H
#define RESTANTE_HANDLERS_PROXY_DIALLER_CHILD_H

#include "handlers/proxy/dialler.h"

/* Both travel as they are: two processes of one program. */
struct dialler_request {
	bool hand_over; /* pop3-serve's socket; the rest says nothing */
	char mailbox_id[MAILBOX_ID_LEN + 1];
	struct dial_server server;
};

struct dialler_answer {
	struct err err; /* ERR_NONE: a descriptor comes with it */
	struct dialled dialled;
};

/*
 * All of the child: gives up the client's connection, enters the sandbox and
 * answers one request after the other until fd is closed. Ends with its
 * parent, the session, at the latest.
 */
NO_RETURN void dialler_child_run(int fd, pid_t session, const struct conf *conf,
				 enum dial_service service);

#endif
