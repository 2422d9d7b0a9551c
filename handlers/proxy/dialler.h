/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one process that resolves names and connects for a proxy's session. It
 * is forked before the sandbox and before any secret arrives, reads the
 * mailbox's targets itself, and hands back a connected descriptor: so a
 * subverted session reaches nothing that is not listed.
 */
#ifndef RESTANTE_HANDLERS_PROXY_DIALLER_H
#define RESTANTE_HANDLERS_PROXY_DIALLER_H

#include "common/err.h"
#include "common/mailbox_id.h"
#include "handlers/proxy/dial_rules.h"

struct conf;
struct dialler;

/*
 * Forks it. It keeps none of our descriptors but its end of a socket pair, and
 * ends when ours is closed. NULL and e on failure.
 */
struct dialler *dialler_start(const struct conf *conf,
			      enum dial_service service, struct err *e);

/* Closes our end and reaps it; sets *d to NULL. */
void dialler_end(struct dialler **d);

/* What was reached. fd belongs to the caller. */
struct dialled {
	int fd;
	bool implicit_tls;
	bool pinned;
	uint8_t pin[TARGET_PIN_SIZE];
	uint16_t port;
	char address[64]; /* as text, for the log */
};

/*
 * Checks the mailbox and its targets, resolves, connects; waits as long as
 * proxy.connect-timeout says. ERR_ABSENT and ERR_STATE as the store has them
 * (no such mailbox; suspended, or the server is not listed); ERR_TEMP with a
 * text that a user can read: unknown host, refused, timed out, not allowed.
 */
int dialler_dial(struct dialler *d, const char *mailbox_id,
		 const struct dial_server *server, struct dialled *out_r,
		 struct err *e);

/*
 * The same for pop3-serve on its socket in the runtime directory, where a
 * login without "%" goes. A descriptor, or -1 and e.
 */
int dialler_hand_over(struct dialler *d, struct err *e);

#endif
