/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every file of the proxy asks of a session, and how any of them ends it
 * where it stands.
 */
#include "common/base.h"
#include "handlers/pop3_proxy/state.h"

#include "common/log.h"
#include "common/tls.h"
#include "handlers/session/read_to_dot.h"

bool pop3_proxy_secure(const struct pop3_proxy *s)
{
	return conn_tls(s->conn) != NULL;
}

const struct reply *pop3_proxy_cut(struct pop3_proxy *s, enum outcome outcome,
				   const char *reason)
{
	summary_note(&s->summary, outcome, reason);
	upstream_free(&s->account.upstream);
	conn_cut(s->conn);
	return &reply_sent_close;
}

const struct reply *pop3_proxy_lost_client(struct pop3_proxy *s,
					   enum conn_status why)
{
	return pop3_proxy_cut(
		s, why == CONN_TIMEOUT ? OUTCOME_TIMEOUT : OUTCOME_DROPPED,
		NULL);
}

const struct reply *pop3_proxy_lost_server(struct pop3_proxy *s,
					   const struct err *e)
{
	conn_printf(s->conn, "-ERR [SYS/TEMP] %s\r\n", e->text);
	log_warn("%s", e->text);
	summary_note(&s->summary, OUTCOME_TEMPFAIL, "upstream");
	upstream_free(&s->account.upstream);
	return &reply_sent_close;
}

const struct reply *pop3_proxy_broken_off(struct pop3_proxy *s,
					  const struct err *e)
{
	log_warn("%s", e->text);
	return pop3_proxy_cut(s, OUTCOME_TEMPFAIL, "upstream");
}

void pop3_proxy_expect_answer(struct pop3_proxy *s)
{
	conn_set_deadline(s->account.upstream->conn,
			  s->conf->limits.command_timeout, 0);
}

void pop3_proxy_expect_data(struct pop3_proxy *s)
{
	read_to_dot_expect(s->conn, s->conf);
	read_to_dot_expect(s->account.upstream->conn, s->conf);
}
