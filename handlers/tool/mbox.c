/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mboxrd written. Knows lines, and nothing of mail or of files. */
#include "common/base.h"
#include "handlers/tool/mbox.h"

#include <time.h>

static const char from[] = "From ";

enum { N_FROM = sizeof(from) - 1 };

int mbox_begin(struct mbox *m, const struct sink *sink, int64_t when)
{
	char line[80], date[32];
	time_t t = when;
	struct tm tm;
	int n;

	*m = (struct mbox){.sink = sink};
	gmtime_r(&t, &tm);
	asctime_r(&tm, date); /* RFC 4155: asctime, UTC; ends in LF */
	n = snprintf(line, sizeof(line), "From MAILER-DAEMON %s", date);
	return sink_push(sink, (const uint8_t *)line, (size_t)n);
}

static int push_text(const struct mbox *m, const char *text, size_t n)
{
	return sink_push(m->sink, (const uint8_t *)text, n);
}

/* What was held back, as it came. */
static int release_start(struct mbox *m)
{
	m->in_line = true;
	for (size_t i = 0; i < m->quotes; i++)
		if (push_text(m, ">", 1) < 0)
			return -1;
	return push_text(m, from, m->matched);
}

/* At the start of a line. Returns the octets taken (0: none), or -1. */
static ssize_t push_start(struct mbox *m, uint8_t c)
{
	if (c == '>' && m->matched == 0) {
		m->quotes++;
		return 1;
	}
	if (c != (uint8_t)from[m->matched])
		return release_start(m);
	if (++m->matched < N_FROM)
		return 1;
	if (push_text(m, ">", 1) < 0 || release_start(m) < 0)
		return -1;
	return 1;
}

static int end_mbox_line(struct mbox *m)
{
	m->in_line = m->cr = false;
	m->quotes = m->matched = 0;
	return push_text(m, "\n", 1);
}

/* Within a line, up to its end. Returns the octets taken, or -1. */
static ssize_t push_line(struct mbox *m, const uint8_t *bytes, size_t n)
{
	size_t run = 0;

	if (m->cr && bytes[0] != '\n') {
		m->cr = false;
		if (push_text(m, "\r", 1) < 0)
			return -1;
	}
	while (run < n && bytes[run] != '\r' && bytes[run] != '\n')
		run++;
	if (sink_push(m->sink, bytes, run) < 0)
		return -1;
	if (run == n)
		return (ssize_t)n;
	if (bytes[run] == '\r')
		m->cr = true;
	else if (end_mbox_line(m) < 0)
		return -1;
	return (ssize_t)run + 1;
}

int mbox_push(struct mbox *m, const uint8_t *bytes, size_t n)
{
	while (n > 0) {
		ssize_t taken = m->in_line ? push_line(m, bytes, n)
					   : push_start(m, bytes[0]);

		if (taken < 0)
			return -1;
		bytes += taken;
		n -= (size_t)taken;
	}
	return 0;
}

int mbox_end(struct mbox *m)
{
	bool held = m->quotes || m->matched;

	if (!m->in_line && held && release_start(m) < 0)
		return -1;
	if (m->cr && push_text(m, "\r", 1) < 0)
		return -1;
	if (m->in_line && end_mbox_line(m) < 0)
		return -1;
	return push_text(m, "\n", 1);
}
