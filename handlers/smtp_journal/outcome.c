/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a session comes to: the outcome that its log line tells, the messages
 * put down in the mailbox's account, and giving everything back. Nothing here
 * can lose a message any more: all that was acknowledged is durable.
 */
#include "common/base.h"
#include "handlers/smtp_journal/state.h"

#include <time.h>

#include "common/log.h"
#include "store/store.h"

static const struct {
	const struct reply *reply;
	enum outcome outcome;
	const char *reason;
} notes[] = {
	{&smtp_need_tls, OUTCOME_REFUSED, "tls-required"},
	{&smtp_network_refused, OUTCOME_REFUSED, "network"},
	{&smtp_client_refused, OUTCOME_REFUSED, "client-certificate"},
	{&smtp_no_mailbox, OUTCOME_REFUSED, "unknown-mailbox"},
	{&smtp_suspended, OUTCOME_REFUSED, "suspended"},
	{&smtp_too_big, OUTCOME_REFUSED, "size"},
	{&smtp_loop, OUTCOME_REFUSED, "loop"},
	{&smtp_behind_starttls, OUTCOME_REFUSED, "pipelining"},
	{&smtp_behind_data, OUTCOME_REFUSED, "pipelining"},
	{&smtp_no_certificate, OUTCOME_TEMPFAIL, "certificate"},
	{&smtp_no_room, OUTCOME_TEMPFAIL, "disk"},
	{&smtp_trouble, OUTCOME_TEMPFAIL, "store"},
};

void smtp_journal_note_reply(struct session *s, const struct reply *r)
{
	for (size_t i = 0; i < N_ELEMENTS(notes); i++)
		if (notes[i].reply == r)
			summary_note(&s->summary, notes[i].outcome,
				     notes[i].reason);
}

void smtp_journal_note_lost(struct session *s, enum conn_status status)
{
	summary_note(&s->summary,
		     status == CONN_TIMEOUT ? OUTCOME_TIMEOUT : OUTCOME_DROPPED,
		     NULL);
}

/* Hanging up between two messages is no worse than QUIT. */
void smtp_journal_note_end(struct session *s, enum cmd_end end)
{
	switch (end) {
	case CMD_END_DROPPED:
		if (s->tx)
			summary_note(&s->summary, OUTCOME_DROPPED, NULL);
		break;
	case CMD_END_TIMEOUT:
		summary_note(&s->summary, OUTCOME_TIMEOUT, NULL);
		break;
	case CMD_END_FAULTS:
		summary_note_faults(&s->summary);
		break;
	case CMD_END_CLOSED:
	case CMD_END_PIPELINED:
		break;
	}
}

static struct smtp_kept *find_kept(struct session *s, const char *id)
{
	for (size_t i = 0; i < s->n_kept; i++)
		if (strcmp(s->kept[i].id, id) == 0)
			return &s->kept[i];
	return NULL;
}

static struct smtp_kept *add_kept(struct session *s, const char *id)
{
	struct smtp_kept *k;

	s->kept = xgrow(s->kept, s->n_kept, sizeof(*s->kept));
	k = &s->kept[s->n_kept++];
	*k = (struct smtp_kept){.messages = 0};
	snprintf(k->id, sizeof(k->id), "%s", id);
	return k;
}

void smtp_journal_note_kept(struct session *s, const char *id, uint64_t octets)
{
	struct smtp_kept *k = find_kept(s, id);

	if (!k)
		k = add_kept(s, id);
	k->messages++;
	k->octets += octets;
	summary_note(&s->summary, OUTCOME_KEPT, NULL);
}

void smtp_journal_note_refused(struct session *s, const char *id)
{
	struct smtp_kept *k = find_kept(s, id);

	if (!k)
		k = add_kept(s, id);
	k->refused = true;
}

static void account_for(struct session *s, const struct smtp_kept *k)
{
	const struct activity activity = {
		.when = time(NULL),
		.program = "smtp-journal",
		.peer = s->peer->text,
		.outcome = outcome_name(k->refused ? OUTCOME_REFUSED
						   : OUTCOME_KEPT),
		.messages = k->messages,
		.octets = k->octets,
		.refused = k->refused,
	};
	struct err e;
	struct mailbox *m = mailbox_open(s->store, k->id, &e);

	if (!m || mailbox_account(m, &activity, &e) < 0)
		log_info("%s", e.text);
	mailbox_close(&m);
}

void smtp_journal_end(struct session *s)
{
	smtp_journal_forget_mail(s);
	for (size_t i = 0; i < s->n_kept; i++)
		account_for(s, &s->kept[i]);
	s->summary.tls = smtp_journal_tls_version(s);
	s->summary.mailbox = s->n_kept ? s->kept[0].id : NULL;
	s->summary.n_mailboxes = s->n_kept;
	summary_log(&s->summary);
	free(s->kept);
	store_free(&s->store);
}
