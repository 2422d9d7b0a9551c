/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one line that a session leaves in the log. Its keys are an interface:
 * people grep for them and scripts count them.
 */
#ifndef RESTANTE_HANDLERS_SESSION_SUMMARY_H
#define RESTANTE_HANDLERS_SESSION_SUMMARY_H

#include "common/base.h"

#include <time.h>

struct buf;

enum outcome {
	OUTCOME_IDLE, /* nothing happened */
	OUTCOME_KEPT,
	OUTCOME_COLLECTED,
	OUTCOME_RELAYED,
	OUTCOME_DROPPED, /* the peer vanished */
	OUTCOME_TIMEOUT,
	OUTCOME_AUTH_FAILED,
	OUTCOME_REFUSED, /* policy */
	OUTCOME_TEMPFAIL,
	OUTCOME_ERROR,
};

/* Borrowed strings; NULL and "" alike: nothing to say, the key is left out. */
struct summary {
	const char *peer;
	const char *tls;     /* "TLS1.3"; nothing: "none" is written */
	const char *mailbox; /* the first, or the only one */
	size_t n_mailboxes;  /* written where there are several */
	uint64_t messages;
	uint64_t octets;
	uint64_t deleted; /* by a collector; written where there are any */
	enum outcome outcome;
	const char *reason;
	struct timespec started;
};

/* A session begins now. */
void summary_start(struct summary *s, const char *peer);

/*
 * Something happened that the line should tell; of several the worst is told,
 * in the order of enum outcome. reason is borrowed, or NULL.
 */
void summary_note(struct summary *s, enum outcome outcome, const char *reason);

/* The peer reached its limit of faults. Where it guessed, they were guesses. */
void summary_note_faults(struct summary *s);

/* Begins to tell anew: what happened before is no longer the point. */
void summary_forget(struct summary *s);

/* Writes the line. */
void summary_log(const struct summary *s);

/* The line's text, for the log and for tests; seconds is how long it took. */
void summary_write(const struct summary *s, double seconds, struct buf *out);

/* Why something was refused, for good or for now; NULL: nothing was. */
const char *summary_refusal(const struct summary *s);

/* The name that interface and log have for it. */
const char *outcome_name(enum outcome outcome);

#endif
