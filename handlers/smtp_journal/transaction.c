/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The transaction as data: it decides nothing and speaks to nobody. */
#include "common/base.h"
#include "handlers/smtp_journal/transaction.h"

#include "common/log.h"
#include "handlers/smtp_journal/message.h"
#include "store/store.h"

struct smtp_tx *smtp_tx_new(const char *sender,
			    const struct smtp_mail_params *params)
{
	struct smtp_tx *tx = xcalloc(1, sizeof(*tx));

	tx->sender = xstrdup(sender);
	tx->params = *params;
	return tx;
}

struct smtp_copy *smtp_tx_find(const struct smtp_tx *tx, const char *id)
{
	for (size_t i = 0; i < tx->n_copies; i++)
		if (strcmp(tx->copies[i].id, id) == 0)
			return &tx->copies[i];
	return NULL;
}

struct smtp_copy *smtp_tx_add_copy(struct smtp_tx *tx, const char *id,
				   struct mailbox *mailbox)
{
	struct smtp_copy *copy;

	tx->copies = xgrow(tx->copies, tx->n_copies, sizeof(*tx->copies));
	copy = &tx->copies[tx->n_copies++];
	*copy = (struct smtp_copy){.mailbox = mailbox};
	memcpy(copy->id, id, sizeof(copy->id));
	return copy;
}

void smtp_tx_add_recipient(struct smtp_tx *tx, const struct smtp_copy *copy,
			   const char *address,
			   const struct smtp_rcpt_params *params)
{
	tx->recipients = xgrow(tx->recipients, tx->n_recipients,
			       sizeof(*tx->recipients));
	tx->recipients[tx->n_recipients++] = (struct smtp_recipient){
		.address = xstrdup(address),
		.note = xstrdup(params->note),
		.copy = (size_t)(copy - tx->copies),
	};
}

struct mailbox *smtp_tx_take_mailbox(struct smtp_tx *tx)
{
	struct mailbox *m;

	if (!tx->n_copies)
		return NULL;
	journal_message_free(&tx->message);
	m = tx->copies[0].mailbox;
	tx->copies[0].mailbox = NULL;
	return m;
}

void smtp_tx_free(struct smtp_tx **tx_r)
{
	struct smtp_tx *tx = *tx_r;

	if (!tx)
		return;
	journal_message_free(&tx->message);
	for (size_t i = 0; i < tx->n_recipients; i++) {
		free(tx->recipients[i].address);
		free(tx->recipients[i].note);
	}
	for (size_t i = 0; i < tx->n_copies; i++)
		mailbox_close(&tx->copies[i].mailbox);
	free(tx->sender);
	free(tx->recipients);
	free(tx->copies);
	free(tx);
	*tx_r = NULL;
}
