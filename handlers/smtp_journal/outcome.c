/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a session comes to: the outcome that its log line tells, and what each
 * mailbox got. Notes it and does nothing about it.
 */
#include "common/base.h"
#include "handlers/smtp_journal/state.h"

#include "common/log.h"

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
	{&smtp_mailbox_full, OUTCOME_REFUSED, "quota"},
	{&smtp_too_big, OUTCOME_REFUSED, "size"},
	{&smtp_loop, OUTCOME_REFUSED, "loop"},
	{&smtp_bad_syntax, OUTCOME_REFUSED, "syntax"},
	{&smtp_bad_recipient, OUTCOME_REFUSED, "syntax"},
	{&smtp_too_many_recipients, OUTCOME_REFUSED, "too-many"},
	{&smtp_too_many_mailboxes, OUTCOME_REFUSED, "too-many"},
	{&smtp_bad_chunk, OUTCOME_REFUSED, "syntax"},
	{&smtp_no_chunking, OUTCOME_REFUSED, "syntax"},
	{&smtp_behind_starttls, OUTCOME_REFUSED, "pipelining"},
	{&smtp_behind_data, OUTCOME_REFUSED, "pipelining"},
	{&smtp_no_certificate, OUTCOME_TEMPFAIL, "certificate"},
	{&smtp_no_room, OUTCOME_TEMPFAIL, "disk"},
	{&smtp_trouble, OUTCOME_TEMPFAIL, "store"},
};

void smtp_journal_note_reply(struct smtp_journal *s, const struct reply *r)
{
	for (size_t i = 0; i < N_ELEMENTS(notes); i++)
		if (notes[i].reply == r)
			summary_note(&s->summary, notes[i].outcome,
				     notes[i].reason);
}

void smtp_journal_note_lost(struct smtp_journal *s, enum conn_status status)
{
	summary_note(&s->summary,
		     status == CONN_TIMEOUT ? OUTCOME_TIMEOUT : OUTCOME_DROPPED,
		     NULL);
}

static struct smtp_kept *find_kept(struct smtp_journal *s, const char *id)
{
	for (size_t i = 0; i < s->n_kept; i++)
		if (strcmp(s->kept[i].id, id) == 0)
			return &s->kept[i];
	return NULL;
}

static struct smtp_kept *add_kept(struct smtp_journal *s, const char *id)
{
	struct smtp_kept *k;

	s->kept = xgrow(s->kept, s->n_kept, sizeof(*s->kept));
	k = &s->kept[s->n_kept++];
	*k = (struct smtp_kept){.messages = 0};
	snprintf(k->id, sizeof(k->id), "%s", id);
	return k;
}

void smtp_journal_note_kept(struct smtp_journal *s, const char *id,
			    uint64_t octets)
{
	struct smtp_kept *k = find_kept(s, id);

	if (!k)
		k = add_kept(s, id);
	k->messages++;
	k->octets += octets;
	summary_note(&s->summary, OUTCOME_KEPT, NULL);
}

static const char *reason_of(const struct reply *r)
{
	for (size_t i = 0; i < N_ELEMENTS(notes); i++)
		if (notes[i].reply == r)
			return notes[i].reason;
	return NULL;
}

void smtp_journal_note_refused(struct smtp_journal *s, const char *id,
			       const struct reply *why)
{
	struct smtp_kept *k = find_kept(s, id);

	if (!k)
		k = add_kept(s, id);
	if (!k->refused)
		k->reason = reason_of(why);
	k->refused = true;
}
