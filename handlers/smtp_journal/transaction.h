/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One mail transaction (RFC 5321 3.3): from MAIL to the reply behind the
 * message, or to whatever ends it before. Freeing it is RSET: nothing of one
 * transaction can linger into the next.
 */
#ifndef RESTANTE_HANDLERS_SMTP_JOURNAL_TRANSACTION_H
#define RESTANTE_HANDLERS_SMTP_JOURNAL_TRANSACTION_H

#include "handlers/smtp/address.h"
#include "handlers/smtp_journal/params.h"

struct journal_message;
struct mailbox;
struct reply;

struct smtp_recipient {
	char *address; /* as it was given */
	char *note;    /* what else RCPT said */
	size_t copy;   /* the copy that goes to it */
};

/* One mailbox gets one copy, however many recipients name it. */
struct smtp_copy {
	char id[MAILBOX_ID_LEN + 1];
	struct mailbox *mailbox; /* held against deletion */
};

struct smtp_tx {
	char *sender; /* as it was given; "": <> */
	struct smtp_mail_params params;

	struct smtp_recipient *recipients;
	size_t n_recipients;
	struct smtp_copy *copies;
	size_t n_copies;

	struct journal_message *message; /* NULL: no octet of it yet */
	bool chunked;			 /* BDAT was used */
	const struct reply *failed; /* what every further BDAT is answered */
};

struct smtp_tx *smtp_tx_new(const char *sender,
			    const struct smtp_mail_params *params);

/* The copy for that mailbox, or NULL. */
struct smtp_copy *smtp_tx_find(const struct smtp_tx *tx, const char *id);

/* Adds a copy; takes the mailbox over. Valid until the next is added. */
struct smtp_copy *smtp_tx_add_copy(struct smtp_tx *tx, const char *id,
				   struct mailbox *mailbox);

void smtp_tx_add_recipient(struct smtp_tx *tx, const struct smtp_copy *copy,
			   const char *address,
			   const struct smtp_rcpt_params *params);

/* Drops an unfinished message, and gives a mailbox away, or NULL. */
struct mailbox *smtp_tx_take_mailbox(struct smtp_tx *tx);

/* Drops an unfinished message and lets the mailboxes go. Sets *tx to NULL. */
void smtp_tx_free(struct smtp_tx **tx);

#endif
