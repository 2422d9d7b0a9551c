/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the SMTP receiver share: the session, what state.c knows
 * of it, and the handlers that stand in its command table. For this folder and
 * its tests alone.
 */
#ifndef RESTANTE_HANDLERS_SMTP_JOURNAL_STATE_H
#define RESTANTE_HANDLERS_SMTP_JOURNAL_STATE_H

#include "common/cmd.h"
#include "common/conf.h"
#include "common/conn.h"
#include "common/peer.h"
#include "handlers/session/program.h"
#include "handlers/session/summary.h"
#include "handlers/smtp/replies.h"
#include "handlers/smtp_journal/session.h"
#include "handlers/smtp_journal/transaction.h"

struct store;

enum { SMTP_HELO_MAX = 255 }; /* RFC 5321 4.5.3.1.2 */

/* What one mailbox got in this session, or was to get. */
struct smtp_kept {
	char id[MAILBOX_ID_LEN + 1];
	uint64_t messages;
	uint64_t octets;
	bool refused;	    /* its own settings turned a recipient down */
	const char *reason; /* the first time; or NULL */
};

struct smtp_journal {
	struct conn *conn;
	const struct conf *conf;
	const struct peer *peer;
	enum tls_mode tls_mode;
	struct store *store;  /* NULL: it could not be opened yet */
	struct mailbox *last; /* of the transaction before, not held; or NULL */

	char helo[SMTP_HELO_MAX + 1]; /* "": not greeted yet */
	bool extended;		      /* by EHLO */
	struct smtp_tx *tx;	      /* NULL: no MAIL yet */
	/* The last MAIL, or a RCPT behind it, was answered 4xx. */
	bool refused_for_now;

	struct smtp_kept *kept;
	size_t n_kept;
	struct summary summary;
};

/* TLS is on here, or was in front of us. */
bool smtp_journal_secure(const struct smtp_journal *s);
const char *smtp_journal_tls_version(const struct smtp_journal *s); /* or "" */
bool smtp_journal_needs_tls(const struct smtp_journal *s);

enum smtp_state smtp_journal_state(const struct smtp_journal *s);

/* Ends the transaction: as RSET, and as the reply to a message does. */
void smtp_journal_forget_mail(struct smtp_journal *s);

/* The store, opened if need be. NULL: the log says why. */
struct store *smtp_journal_store(struct smtp_journal *s);

/* A mailbox of it: the last one, if it is that, or opened. */
struct mailbox *smtp_journal_mailbox(struct smtp_journal *s, const char *id,
				     struct err *e);

/* envelope.c */
const struct reply *smtp_journal_mail(void *session, const char *arg);
const struct reply *smtp_journal_rcpt(void *session, const char *arg);

/* data.c */
const struct reply *smtp_journal_data(void *session, const char *arg);
const struct reply *smtp_journal_bdat(void *session, const char *arg);

/* outcome.c */

/* What the summary should tell of what was answered. */
void smtp_journal_note_reply(struct smtp_journal *s, const struct reply *r);
/* The same for a connection that broke, in the midst of things. */
void smtp_journal_note_lost(struct smtp_journal *s, enum conn_status status);

/* A message of so many octets is in the mailbox of that id. */
void smtp_journal_note_kept(struct smtp_journal *s, const char *id,
			    uint64_t octets);

/* The same for one whose settings turned a recipient down. */
void smtp_journal_note_refused(struct smtp_journal *s, const char *id,
			       const struct reply *why);

#endif
