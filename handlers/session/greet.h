/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How every session begins, becomes private and ends, whatever it speaks: what
 * is the same in the four of them. Forgets nothing of a session: that is the
 * session's part.
 */
#ifndef RESTANTE_HANDLERS_SESSION_GREET_H
#define RESTANTE_HANDLERS_SESSION_GREET_H

#include "common/cmd.h"
#include "handlers/session/program.h"
#include "handlers/session/summary.h"

/* Implicit TLS comes before the greeting. False: there is none. */
bool greet_may_begin(struct conn *c, const struct conf *conf,
		     enum tls_mode mode, struct summary *summary);

/*
 * STARTTLS and STLS. NULL: TLS is on, and what was said before it may have been
 * said by anybody (RFC 3207 4.2, RFC 2595 4). Else the answer.
 */
const struct reply *greet_start_tls(struct conn *c, const struct conf *conf,
				    const struct reply *go_ahead,
				    const struct reply *no_certificate,
				    struct summary *summary);

/*
 * Notes why the commands have ended. in_midst: a peer that vanishes now leaves
 * something undone; else hanging up is no worse than QUIT.
 */
void greet_note_end(struct summary *summary, enum cmd_end end, bool in_midst);

#endif
