/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SMTP receiver: one session on one connection, as a library function
 * that leaves nothing behind. Seals what it takes and can open none of it.
 */
#ifndef RESTANTE_HANDLERS_SMTP_JOURNAL_SESSION_H
#define RESTANTE_HANDLERS_SMTP_JOURNAL_SESSION_H

#include "handlers/session/program.h"
#include "handlers/session/summary.h"

struct cmd_protocol;

enum smtp_state {
	SMTP_STATE_START,  /* not greeted, or not since TLS began */
	SMTP_STATE_READY,  /* greeted */
	SMTP_STATE_MAIL,   /* a sender, no recipient */
	SMTP_STATE_RCPT,   /* a recipient at least */
	SMTP_STATE_CHUNKS, /* BDAT was used in this transaction */
	SMTP_N_STATES,
};

/* The command table and its rules: what docs/sessions.md is tested against. */
extern const struct cmd_protocol smtp_journal_protocol;

/*
 * Serves one session, from the handshake or greeting to the end, puts what it
 * kept into the index, and logs its one line. Everything is borrowed.
 */
enum outcome smtp_journal_session(struct conn *c, const struct conf *conf,
				  const struct peer *peer, enum tls_mode mode);

#endif
