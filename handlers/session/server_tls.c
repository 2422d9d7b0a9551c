/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Beginning TLS. Forgets nothing of a session: that is the session's part. */
#include "common/base.h"
#include "handlers/session/server_tls.h"

#include "common/log.h"
#include "common/reply.h"
#include "common/tls.h"
#include "handlers/session/summary.h"

enum server_tls server_tls_start(struct conn *c, const struct conf *conf,
				 unsigned seconds, const struct reply *go_ahead,
				 struct summary *summary)
{
	struct err e;
	struct tls *t = conn_take_tls(c);

	if (!t)
		t = tls_server_new(&conf->tls, &e);
	if (!t) {
		log_error("%s", e.text);
		summary_note(summary, OUTCOME_TEMPFAIL, "certificate");
		return SERVER_TLS_NO_CERTIFICATE;
	}
	if (go_ahead)
		reply_write(c, go_ahead);
	conn_set_deadline(c, seconds, 0);
	if (conn_start_tls(c, t, &e) == 0)
		return SERVER_TLS_ON;
	log_info("%s: %s", summary->peer, e.text);
	summary_note(summary, OUTCOME_DROPPED, "handshake");
	return SERVER_TLS_FAILED;
}
