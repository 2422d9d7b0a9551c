/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every file of the receiver asks of a session: how it stands with TLS,
 * how far its transaction is, where the store is. Answers nobody.
 */
#include "common/base.h"
#include "handlers/smtp_journal/state.h"

#include "common/log.h"
#include "common/tls.h"
#include "store/store.h"

bool smtp_journal_secure(const struct smtp_journal *s)
{
	return conn_tls(s->conn) || s->peer->tls;
}

const char *smtp_journal_tls_version(const struct smtp_journal *s)
{
	const struct tls_facts *tls = conn_tls(s->conn);

	if (tls)
		return tls->version;
	return s->peer->tls ? s->peer->tls_version : "";
}

bool smtp_journal_needs_tls(const struct smtp_journal *s)
{
	const struct conf_networks *plaintext =
		&s->conf->smtp_journal.plaintext_from;

	if (!s->conf->smtp_journal.require_tls || smtp_journal_secure(s))
		return false;
	for (size_t i = 0; i < plaintext->n; i++)
		if (network_has(&plaintext->list[i], s->peer))
			return false;
	return true;
}

enum smtp_state smtp_journal_state(const struct smtp_journal *s)
{
	if (!s->helo[0])
		return SMTP_STATE_START;
	if (!s->tx)
		return SMTP_STATE_READY;
	if (s->tx->chunked)
		return SMTP_STATE_CHUNKS;
	return s->tx->n_recipients ? SMTP_STATE_RCPT : SMTP_STATE_MAIL;
}

/*
 * The next message is most often for the mailbox of the last, and the line
 * about the session is: one stays open.
 */
static void keep_last(struct smtp_journal *s)
{
	struct mailbox *m = smtp_tx_take_mailbox(s->tx);

	if (!m)
		return;
	mailbox_release(m);
	mailbox_close(&s->last);
	s->last = m;
}

void smtp_journal_forget_mail(struct smtp_journal *s)
{
	if (s->tx)
		keep_last(s);
	smtp_tx_free(&s->tx);
	s->refused_for_now = false;
}

struct mailbox *smtp_journal_mailbox(struct smtp_journal *s, const char *id,
				     struct err *e)
{
	struct mailbox *m = s->last;

	if (!m || !mailbox_is(m, id))
		return mailbox_open(s->store, id, e);
	s->last = NULL;
	return m;
}

struct store *smtp_journal_store(struct smtp_journal *s)
{
	struct err e;

	if (s->store)
		return s->store;
	s->store = store_open(s->conf->store, &e);
	if (s->store)
		store_set_reserve(s->store, s->conf->limits.reserve);
	else
		log_error("%s", e.text);
	return s->store;
}
