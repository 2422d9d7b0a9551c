/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * QUIT, which alone deletes, and only what was marked. Any other end of a
 * session deletes nothing.
 */
#include "common/base.h"
#include "handlers/pop3_serve/state.h"

#include "common/log.h"

static const struct reply reply_bye = {"+OK", "", "Bye", REPLY_CLOSE};
static const struct reply reply_not_all_deleted = {
	"-ERR", "[SYS/TEMP]", "Not all marked messages could be deleted",
	REPLY_CLOSE};

/*
 * UPDATE (RFC 1939 6): the one place from which anything is deleted. The
 * mailbox is given back before the answer, for the next session may begin
 * behind it.
 */
static const struct reply *update(struct pop3_serve *s)
{
	const struct activity activity =
		pop3_serve_activity(s, pop3_serve_collected_or_idle(s));
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
const struct reply *pop3_serve_quit(void *session, const char *arg UNUSED)
{
	struct pop3_serve *s = session;
	enum conn_status status = CONN_OK;

	if (s->state != POP3_TRANSACTION)
		return &reply_bye;
	if (s->mail_pending) {
		pop3_serve_expect_long_answer(s);
		status = conn_flush(s->conn);
	}
	return status == CONN_OK ? update(s) : pop3_serve_cut_lost(s, status);
}
