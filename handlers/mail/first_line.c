/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges the beginning once, then lets everything through as it comes. */
#include "common/base.h"
#include "handlers/mail/first_line.h"

#include "common/log.h"
#include "handlers/mail/mail_head.h"
#include "handlers/mail/percent.h"

static const char field[] = "X-Restante-Before-Header:";

void first_line_init(struct first_line *f)
{
	f->judged = f->moved = false;
	buf_init(&f->held, MAIL_START_MAX);
}

void first_line_release(struct first_line *f)
{
	buf_release(&f->held);
}

/* Holds octets back until they are judged; returns how many. */
static size_t hold_back(struct first_line *f, const uint8_t *bytes, size_t n)
{
	size_t room = MAIL_START_MAX - f->held.len;

	if (n > room)
		n = room;
	if (!buf_add(&f->held, bytes, n))
		die_bug("first line: %zu and %zu octets", f->held.len, n);
	return n;
}

/* What stood before the header, as a field of it. */
static int push_field(struct first_line *f, size_t n, const struct sink *sink)
{
	struct buf text;
	int result;

	buf_init(&text, sizeof(field) + PERCENT_ROOM(MAIL_START_MAX));
	if (!buf_adds(&text, field) ||
	    !percent_add((const uint8_t *)f->held.data, n, &text))
		die_bug("first line: a field of %zu octets", text.len);
	f->moved = true;
	result = sink_push(sink, (const uint8_t *)text.data, text.len);
	buf_release(&text);
	return result;
}

static int pass_on(struct first_line *f, enum mail_first_line verdict,
		   size_t before, const struct sink *sink)
{
	f->judged = true;
	if (before && push_field(f, before, sink) < 0)
		return -1;
	if (verdict == MAIL_FIRST_OTHER &&
	    sink_push(sink, (const uint8_t *)"\r\n", 2) < 0)
		return -1;
	return sink_push(sink, (const uint8_t *)f->held.data + before,
			 f->held.len - before);
}

int first_line_push(struct first_line *f, const uint8_t *bytes, size_t n,
		    const struct sink *sink)
{
	if (!f->judged) {
		size_t before, held = hold_back(f, bytes, n);
		enum mail_first_line verdict =
			mail_start((const uint8_t *)f->held.data, f->held.len,
				   false, &before);

		if (verdict == MAIL_FIRST_UNDECIDED)
			return 0;
		if (pass_on(f, verdict, before, sink) < 0)
			return -1;
		bytes += held;
		n -= held;
	}
	return sink_push(sink, bytes, n);
}

int first_line_end(struct first_line *f, const struct sink *sink)
{
	enum mail_first_line verdict;
	size_t before;

	if (f->judged)
		return 0;
	verdict = mail_start((const uint8_t *)f->held.data, f->held.len, true,
			     &before);
	return pass_on(f, verdict, before, sink);
}
