/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The summary line. No peer can write a key of its own: see log_pairs. */
#include "common/base.h"
#include "handlers/session/summary.h"

#include "common/buf.h"
#include "common/log.h"
#include "common/log_pairs.h"

/* Never reached, for values are short. */
enum { SUMMARY_MAX = 1200 };

const char *outcome_name(enum outcome outcome)
{
	static const char *const names[] = {
		[OUTCOME_IDLE] = "idle",
		[OUTCOME_KEPT] = "kept",
		[OUTCOME_COLLECTED] = "collected",
		[OUTCOME_RELAYED] = "relayed",
		[OUTCOME_DROPPED] = "dropped",
		[OUTCOME_TIMEOUT] = "timeout",
		[OUTCOME_AUTH_FAILED] = "auth-failed",
		[OUTCOME_REFUSED] = "refused",
		[OUTCOME_TEMPFAIL] = "tempfail",
		[OUTCOME_ERROR] = "error",
	};

	return names[outcome];
}

void summary_start(struct summary *s, const char *peer)
{
	*s = (struct summary){.peer = peer};
	clock_gettime(CLOCK_MONOTONIC, &s->started);
}

void summary_note(struct summary *s, enum outcome outcome, const char *reason)
{
	if (outcome <= s->outcome)
		return;
	s->outcome = outcome;
	s->reason = reason;
}

void summary_note_faults(struct summary *s)
{
	if (s->outcome != OUTCOME_AUTH_FAILED)
		summary_note(s, OUTCOME_REFUSED, "errors");
}

const char *summary_refusal(const struct summary *s)
{
	return s->outcome == OUTCOME_REFUSED || s->outcome == OUTCOME_TEMPFAIL
		       ? s->reason
		       : NULL;
}

void summary_forget(struct summary *s)
{
	s->outcome = OUTCOME_IDLE;
	s->reason = NULL;
}

static void write_count(struct buf *out, const char *key, uint64_t count)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)count);
	log_pairs_add(out, key, text);
}

void summary_write(const struct summary *s, double seconds, struct buf *out)
{
	char text[32];

	log_pairs_add(out, "peer", s->peer);
	log_pairs_add(out, "tls", s->tls && s->tls[0] ? s->tls : "none");
	log_pairs_add(out, "mailbox", s->mailbox);
	if (s->n_mailboxes > 1)
		write_count(out, "mailboxes", s->n_mailboxes);
	write_count(out, "messages", s->messages);
	write_count(out, "octets", s->octets);
	if (s->deleted)
		write_count(out, "deleted", s->deleted);
	log_pairs_add(out, "outcome", outcome_name(s->outcome));
	log_pairs_add(out, "reason", s->reason);
	snprintf(text, sizeof(text), "%.3f", seconds);
	log_pairs_add(out, "seconds", text);
}

void summary_log(const struct summary *s)
{
	struct timespec now;
	struct buf line;
	double seconds;

	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = (double)(now.tv_sec - s->started.tv_sec) +
		  (double)(now.tv_nsec - s->started.tv_nsec) / 1e9;
	buf_init(&line, SUMMARY_MAX);
	summary_write(s, seconds, &line);
	log_always("%s", line.data);
	buf_release(&line);
}
