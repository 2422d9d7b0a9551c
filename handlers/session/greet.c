/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Beginning and end of a session. Says nothing that has a protocol's words. */
#include "common/base.h"
#include "handlers/session/greet.h"

#include "handlers/session/server_tls.h"

bool greet_may_begin(struct conn *c, const struct conf *conf,
		     enum tls_mode mode, struct summary *summary)
{
	return mode != TLS_MODE_IMPLICIT ||
	       server_tls_start(c, conf, conf->limits.command_timeout, NULL,
				summary) == SERVER_TLS_ON;
}

const struct reply *greet_start_tls(struct conn *c, const struct conf *conf,
				    const struct reply *go_ahead,
				    const struct reply *no_certificate,
				    struct summary *summary)
{
	switch (server_tls_start(c, conf, conf->limits.command_timeout,
				 go_ahead, summary)) {
	case SERVER_TLS_ON:
		break;
	case SERVER_TLS_NO_CERTIFICATE:
		return no_certificate;
	case SERVER_TLS_FAILED:
		return &reply_sent_close;
	}
	return NULL;
}

void greet_note_end(struct summary *summary, enum cmd_end end, bool in_midst)
{
	switch (end) {
	case CMD_END_DROPPED:
		if (in_midst)
			summary_note(summary, OUTCOME_DROPPED, NULL);
		break;
	case CMD_END_TIMEOUT:
		summary_note(summary, OUTCOME_TIMEOUT, NULL);
		break;
	case CMD_END_FAULTS:
		summary_note_faults(summary);
		break;
	case CMD_END_PIPELINED:
		summary_note(summary, OUTCOME_REFUSED, "pipelining");
		break;
	case CMD_END_CLOSED:
		break;
	}
}
