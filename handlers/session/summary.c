/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The summary line. Whatever comes from outside is percent-encoded, so that
 * no peer can write a key of its own; where the line would grow too long, it
 * is the value that is cut.
 */
#include "common/base.h"
#include "handlers/session/summary.h"

#include "common/buf.h"
#include "common/log.h"

enum { VALUE_MAX = 200, SUMMARY_MAX = 1200 };

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

void summary_forget(struct summary *s)
{
	s->outcome = OUTCOME_IDLE;
	s->reason = NULL;
}

/* What no reader of the line could take for a space, a key or an escape. */
static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '%' && c != '=' && c != '"';
}

/* Appends " key=value"; SUMMARY_MAX is never reached, for values are short. */
void summary_add(struct buf *out, const char *key, const char *value)
{
	size_t end = out->len + VALUE_MAX;
	bool fits;

	if (!value || !value[0])
		return;
	fits = buf_addf(out, "%s%s=", out->len ? " " : "", key);
	for (; fits && *value && out->len < end; value++) {
		unsigned char c = (unsigned char)*value;

		fits = is_plain(c) ? buf_add(out, value, 1)
				   : buf_addf(out, "%%%02X", c);
	}
}

static void write_count(struct buf *out, const char *key, uint64_t count)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)count);
	summary_add(out, key, text);
}

void summary_write(const struct summary *s, double seconds, struct buf *out)
{
	char text[32];

	summary_add(out, "peer", s->peer);
	summary_add(out, "tls", s->tls && s->tls[0] ? s->tls : "none");
	summary_add(out, "mailbox", s->mailbox);
	if (s->n_mailboxes > 1)
		write_count(out, "mailboxes", s->n_mailboxes);
	write_count(out, "messages", s->messages);
	write_count(out, "octets", s->octets);
	if (s->deleted)
		write_count(out, "deleted", s->deleted);
	summary_add(out, "outcome", outcome_name(s->outcome));
	summary_add(out, "reason", s->reason);
	snprintf(text, sizeof(text), "%.3f", seconds);
	summary_add(out, "seconds", text);
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
