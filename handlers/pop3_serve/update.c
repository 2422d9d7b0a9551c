/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a session ends: QUIT, which alone deletes, and only what was marked; or
 * any other way, which deletes nothing. Then the one line that says so.
 */
#include "common/base.h"
#include "handlers/pop3_serve/state.h"

#include <time.h>

#include "common/log.h"
#include "common/tls.h"

static const struct reply reply_bye = {"+OK", "", "Bye", REPLY_CLOSE};
static const struct reply reply_not_all_deleted = {
	"-ERR", "[SYS/TEMP]", "Not all marked messages could be deleted",
	REPLY_CLOSE};

/* Something was fetched or given up: the session has served its purpose. */
static enum outcome collected_or_idle(const struct session *s)
{
	return s->summary.messages || s->marked ? OUTCOME_COLLECTED
						: OUTCOME_IDLE;
}

/* For the mailbox's own account. */
static struct activity activity_now(const struct session *s,
				    enum outcome outcome)
{
	return (struct activity){
		.when = time(NULL),
		.program = "pop3-serve",
		.peer = s->peer->text,
		.outcome = outcome_name(outcome),
		.messages = s->summary.messages,
		.octets = s->summary.octets,
	};
}

/*
 * UPDATE (RFC 1939 6): the one place from which anything is deleted. The
 * mailbox is given back before the answer, for the next session may begin
 * behind it.
 */
static const struct reply *update(struct session *s)
{
	const struct activity activity = activity_now(s, collected_or_idle(s));
	struct err e = {.kind = ERR_NONE};
	size_t removed;
	int result;

	result = collection_update(s->mail, &removed, &activity, &e);
	collection_free(&s->mail);
	pop3_serve_give_place(s);
	s->updated = true;
	s->summary.deleted = removed;
	if (result == 0)
		return &reply_bye;
	log_error("%s", e.text);
	summary_note(&s->summary, OUTCOME_TEMPFAIL, "delete");
	return &reply_not_all_deleted;
}

/*
 * Whoever says QUIT and hangs up without reading the answer has still said it.
 * But where a message may not have left us yet, it must leave us first: a
 * client that pipelined QUIT behind RETR has not seen it.
 */
const struct reply *pop3_serve_quit(struct session *s, const char *arg UNUSED)
{
	enum conn_status status = CONN_OK;

	if (s->state != POP3_TRANSACTION)
		return &reply_bye;
	if (s->mail_pending) {
		pop3_serve_expect_long_answer(s);
		status = conn_flush(s->conn);
	}
	return status == CONN_OK ? update(s) : pop3_serve_cut_lost(s, status);
}

void pop3_serve_note_end(struct session *s, enum cmd_end end)
{
	/* A client that hung up behind QUIT has collected all the same. */
	if (end == CMD_END_CLOSED || s->updated)
		summary_note(&s->summary, collected_or_idle(s), NULL);
	else if (end == CMD_END_DROPPED)
		summary_note(&s->summary, OUTCOME_DROPPED, NULL);
	else if (end == CMD_END_TIMEOUT)
		summary_note(&s->summary, OUTCOME_TIMEOUT, NULL);
	else if (end == CMD_END_PIPELINED)
		summary_note(&s->summary, OUTCOME_REFUSED, "pipelining");
	else
		summary_note_faults(&s->summary);
}

/* A login that ended without QUIT stands in the mailbox's account as well. */
static void record_unfinished(struct session *s)
{
	const struct activity activity = activity_now(s, s->summary.outcome);
	struct err e;

	if (s->mail)
		(void)collection_hung_up(s->mail, &activity, &e);
}

void pop3_serve_end(struct session *s)
{
	const struct tls_facts *facts = conn_tls(s->conn);

	record_unfinished(s);
	s->summary.tls = facts ? facts->version : s->peer->tls_version;
	s->summary.mailbox = s->mailbox;
	summary_log(&s->summary);
	explicit_bzero(s->user, sizeof(s->user));
	collection_free(&s->mail);
	pop3_serve_give_place(s);
	store_free(&s->store);
}
