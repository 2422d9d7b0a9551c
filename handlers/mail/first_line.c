/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges the first line once, then lets everything through as it comes. */
#include "common/base.h"
#include "handlers/mail/first_line.h"

#include "common/log.h"
#include "handlers/mail/mail_head.h"

void first_line_init(struct first_line *f)
{
	f->judged = false;
	buf_init(&f->held, MAIL_FIRST_LINE_MAX);
}

void first_line_release(struct first_line *f)
{
	buf_release(&f->held);
}

/* Holds octets back until the line is judged; returns how many. */
static size_t hold_back(struct first_line *f, const uint8_t *bytes, size_t n)
{
	size_t room = MAIL_FIRST_LINE_MAX - f->held.len;

	if (n > room)
		n = room;
	if (!buf_add(&f->held, bytes, n))
		die_bug("first line: %zu and %zu octets", f->held.len, n);
	return n;
}

static int pass_on(struct first_line *f, enum mail_first_line verdict,
		   const struct sink *sink)
{
	f->judged = true;
	if (verdict != MAIL_FIRST_FIELD && verdict != MAIL_FIRST_EMPTY &&
	    sink_push(sink, (const uint8_t *)"\r\n", 2) < 0)
		return -1;
	return sink_push(sink, (const uint8_t *)f->held.data, f->held.len);
}

int first_line_push(struct first_line *f, const uint8_t *bytes, size_t n,
		    const struct sink *sink)
{
	if (!f->judged) {
		size_t held = hold_back(f, bytes, n);
		enum mail_first_line verdict = mail_first_line(
			(const uint8_t *)f->held.data, f->held.len);

		if (verdict == MAIL_FIRST_UNDECIDED)
			return 0;
		if (pass_on(f, verdict, sink) < 0)
			return -1;
		bytes += held;
		n -= held;
	}
	return sink_push(sink, bytes, n);
}

int first_line_end(struct first_line *f, const struct sink *sink)
{
	return f->judged ? 0 : pass_on(f, MAIL_FIRST_OTHER, sink);
}
