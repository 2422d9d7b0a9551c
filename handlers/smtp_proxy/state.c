/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every file of the proxy asks of a session, and what every one of them
 * does with a reply of the server's: passes it on, or ends the session.
 */
#include "common/base.h"
#include "handlers/smtp_proxy/state.h"

#include <stdarg.h>

#include "common/log.h"
#include "common/tls.h"

bool smtp_proxy_secure(const struct smtp_proxy *s)
{
	return conn_tls(s->conn) != NULL;
}

bool smtp_proxy_offers_starttls(const struct smtp_proxy *s)
{
	return s->tls_mode == TLS_MODE_STARTTLS && !smtp_proxy_secure(s);
}

bool smtp_proxy_is_too_big(const struct smtp_proxy *s, uint64_t octets)
{
	return s->conf->proxy.max_size && octets > s->conf->proxy.max_size;
}

void smtp_proxy_forget_mail(struct smtp_proxy *s)
{
	struct proxy_tx *tx = s->tx;

	if (!tx)
		return;
	for (size_t i = 0; i < tx->n_recipients; i++)
		free(tx->recipients[i]);
	free(tx->recipients);
	free(tx->sender);
	free(tx);
	s->tx = NULL;
}

enum smtp_proxy_state smtp_proxy_state(const struct smtp_proxy *s)
{
	if (!s->helo[0])
		return SMTP_PROXY_START;
	if (!s->account.upstream)
		return SMTP_PROXY_LOGIN;
	if (!s->tx)
		return SMTP_PROXY_READY;
	return s->tx->n_recipients ? SMTP_PROXY_RCPT : SMTP_PROXY_MAIL;
}

/* --- the server's replies ------------------------------------------------- */

const struct reply *smtp_proxy_relay(struct smtp_proxy *s,
				     const struct smtp_reply *r)
{
	if (r->code / 100 == 3)
		return smtp_proxy_out_of_turn(s, r);
	conn_write(s->conn, r->text.data, r->text.len);
	return r->code == 421 ? &reply_sent_close : &reply_sent;
}

const struct reply *smtp_proxy_lost_server(struct smtp_proxy *s,
					   const struct err *e)
{
	log_warn("%s", e->text);
	summary_note(&s->summary, OUTCOME_TEMPFAIL, "upstream");
	conn_printf(s->conn, "421 4.4.2 %s\r\n", e->text);
	return &reply_sent_close;
}

const struct reply *smtp_proxy_out_of_turn(struct smtp_proxy *s,
					   const struct smtp_reply *r)
{
	struct err e;

	err_set(&e, ERR_TEMP, "server %s answers out of turn with %u",
		s->account.login.server.host, r->code);
	return smtp_proxy_lost_server(s, &e);
}

const struct reply *smtp_proxy_ask(struct smtp_proxy *s, unsigned *code_r,
				   const char *fmt, ...)
{
	const struct reply *result;
	struct smtp_reply r;
	struct err e;
	va_list ap;
	int answered;

	*code_r = 0;
	smtp_reply_init(&r);
	conn_set_deadline(s->account.upstream->conn,
			  s->conf->limits.command_timeout, 0);
	va_start(ap, fmt);
	answered = smtp_upstream_commandv(s->account.upstream, &r, &e, fmt, ap);
	va_end(ap);
	if (answered == 0) {
		*code_r = r.code;
		result = smtp_proxy_relay(s, &r);
	} else {
		result = smtp_proxy_lost_server(s, &e);
	}
	buf_release(&r.text);
	return result;
}

const struct reply *smtp_proxy_reset(struct smtp_proxy *s)
{
	const struct reply *lost = NULL;
	struct smtp_reply r;
	struct err e;

	smtp_proxy_forget_mail(s);
	smtp_reply_init(&r);
	conn_set_deadline(s->account.upstream->conn,
			  s->conf->limits.command_timeout, 0);
	if (smtp_upstream_command(s->account.upstream, &r, &e, "RSET") < 0)
		lost = smtp_proxy_lost_server(s, &e);
	else if (r.code == 421)
		lost = smtp_proxy_relay(s, &r);
	else if (r.code / 100 != 2)
		lost = smtp_proxy_out_of_turn(s, &r);
	buf_release(&r.text);
	return lost;
}
