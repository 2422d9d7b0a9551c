/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every file of the server asks of a session, and how any of them ends it
 * where it stands.
 */
#include "common/base.h"
#include "handlers/pop3_serve/state.h"

#include <time.h>
#include <unistd.h>

#include "common/num.h"
#include "common/tls.h"

static const struct reply reply_not_a_number = {
	"-ERR", "", "A message number was expected", REPLY_FAULT};
/*
 * Not a fault: whoever is logged in may ask, and a session that is closed for
 * asking loses the deletions it has marked.
 */
static const struct reply reply_no_such_message = {"-ERR", "",
						   "No such message", 0};

bool pop3_serve_secure(const struct pop3_serve *s)
{
	if (s->tls_mode == TLS_MODE_NONE)
		return s->peer->tls; /* as the handler in front of us says */
	return conn_tls(s->conn) != NULL;
}

void pop3_serve_enter(struct pop3_serve *s, enum pop3_state state)
{
	if (state != POP3_USER_GIVEN)
		explicit_bzero(s->user, sizeof(s->user));
	s->state = state;
}

const struct reply *pop3_serve_cut(struct pop3_serve *s, enum outcome outcome,
				   const char *reason)
{
	summary_note(&s->summary, outcome, reason);
	conn_cut(s->conn);
	return &reply_sent_close;
}

const struct reply *pop3_serve_cut_lost(struct pop3_serve *s,
					enum conn_status why)
{
	bool late = why == CONN_TIMEOUT;

	return pop3_serve_cut(s, late ? OUTCOME_TIMEOUT : OUTCOME_DROPPED,
			      NULL);
}

void pop3_serve_expect_long_answer(struct pop3_serve *s)
{
	conn_set_deadline(s->conn, s->conf->limits.data_timeout,
			  s->conf->limits.minimum_rate);
}

void pop3_serve_give_place(struct pop3_serve *s)
{
	if (s->place >= 0)
		(void)close(s->place);
	s->place = -1;
}

const struct reply *pop3_serve_find_message(struct pop3_serve *s,
					    const char *text, size_t n,
					    size_t *i_r)
{
	uint64_t number;

	if (!num_parse(text, n, UINT32_MAX, &number))
		return &reply_not_a_number;
	if (number == 0 || number > collection_count(s->mail) ||
	    collection_message(s->mail, (size_t)number - 1).marked)
		return &reply_no_such_message;
	*i_r = (size_t)number - 1;
	return NULL;
}

enum outcome pop3_serve_collected_or_idle(const struct pop3_serve *s)
{
	return s->summary.messages || s->marked ? OUTCOME_COLLECTED
						: OUTCOME_IDLE;
}

struct activity pop3_serve_activity(const struct pop3_serve *s,
				    enum outcome outcome)
{
	return (struct activity){
		.when = time(NULL),
		.program = "pop3-serve",
		.peer = s->peer->text,
		.outcome = outcome_name(outcome),
		.reason = summary_refusal(&s->summary),
		.messages = s->summary.messages,
		.octets = s->summary.octets,
	};
}
