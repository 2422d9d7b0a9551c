/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking at a header without keeping it. Changes nothing, parses no field. */
#include "common/base.h"
#include "handlers/mail/mail_head.h"

#include <strings.h>

#include "common/ascii.h"

/* ftext, RFC 5322 3.6.8 */
static bool is_name_octet(uint8_t c)
{
	return c > ' ' && c < 0x7f && c != ':';
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

enum mail_first_line mail_first_line(const uint8_t *bytes, size_t n)
{
	size_t i = 0;

	if (n > MAIL_FIRST_LINE_MAX)
		n = MAIL_FIRST_LINE_MAX;
	if (n && bytes[0] == '\r')
		return MAIL_FIRST_EMPTY;
	while (i < n && is_name_octet(bytes[i]))
		i++;
	if (i == 0 && n)
		return MAIL_FIRST_OTHER;
	/* White space before the colon is obsolete (4.5), and still met. */
	while (i < n && is_space(bytes[i]))
		i++;
	if (i < n)
		return bytes[i] == ':' ? MAIL_FIRST_FIELD : MAIL_FIRST_OTHER;
	return n < MAIL_FIRST_LINE_MAX ? MAIL_FIRST_UNDECIDED
				       : MAIL_FIRST_OTHER;
}

/* --- what stands before a header ------------------------------------------ */

static const char byte_order_mark[] = "\xef\xbb\xbf";

/* Where the look at a beginning has got to. */
struct start {
	const uint8_t *bytes;
	size_t n, at;
	bool all;
	bool wants_known; /* only a field that mails have shows a header */
	bool had_line;
};

enum step { GOES_ON, UNDECIDED, HEADER, NO_HEADER };

static bool begins(const struct start *s, const char *text)
{
	size_t n = strlen(text);

	return s->n - s->at >= n && memcmp(s->bytes + s->at, text, n) == 0;
}

/* What is there is not enough to tell whether it begins so. */
static bool may_begin(const struct start *s, const char *text)
{
	size_t n = s->n - s->at;

	return !s->all && n < strlen(text) &&
	       memcmp(s->bytes + s->at, text, n) == 0;
}

static bool is_known_field(const struct start *s)
{
	static const char *const names[] = {
		"Received",	  "Return-Path",
		"From",		  "To",
		"Subject",	  "Date",
		"Message-ID",	  "MIME-Version",
		"Content-Type",	  "Delivered-To",
		"DKIM-Signature", "Reply-To",
		"Sender",	  "X-MS-Journal-Report",
	};
	const char *line = (const char *)s->bytes + s->at;

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		size_t n = strlen(names[i]);

		if (s->n - s->at > n && line[n] == ':' &&
		    strncasecmp(line, names[i], n) == 0)
			return true;
	}
	return false;
}

/* A line that is none of a header: one may stand before it. */
static enum step step_over_line(struct start *s)
{
	const uint8_t *line = s->bytes + s->at;
	const uint8_t *end = memchr(line, '\n', s->n - s->at);

	if (s->had_line)
		return NO_HEADER;
	if (!end)
		return s->all ? NO_HEADER : UNDECIDED;
	s->had_line = true;
	if (!begins(s, "From ") && !begins(s, ">From "))
		s->wants_known = true;
	s->at = (size_t)(end - s->bytes) + 1;
	return GOES_ON;
}

static enum step step_over_empty_line(struct start *s)
{
	if (s->n - s->at < 2)
		return s->all ? NO_HEADER : UNDECIDED;
	/* Text, and a gap in it: that was the first line of a body. */
	if (s->had_line && s->wants_known)
		return NO_HEADER;
	s->wants_known = true;
	s->at += 2;
	return GOES_ON;
}

static enum step take_step(struct start *s)
{
	if (s->at == 0 && may_begin(s, byte_order_mark))
		return UNDECIDED;
	if (s->at == 0 && begins(s, byte_order_mark)) {
		s->at += strlen(byte_order_mark);
		return GOES_ON;
	}
	switch (mail_first_line(s->bytes + s->at, s->n - s->at)) {
	case MAIL_FIRST_FIELD:
		return !s->wants_known || is_known_field(s) ? HEADER
							    : NO_HEADER;
	case MAIL_FIRST_EMPTY:
		return step_over_empty_line(s);
	case MAIL_FIRST_OTHER:
		return step_over_line(s);
	default:
		return s->all ? NO_HEADER : UNDECIDED;
	}
}

enum mail_first_line mail_start(const uint8_t *bytes, size_t n, bool all,
				size_t *before_r)
{
	struct start s = {.bytes = bytes, .n = n};
	enum step step;

	if (s.n > MAIL_START_MAX)
		s.n = MAIL_START_MAX;
	s.all = all || s.n == MAIL_START_MAX;
	do
		step = take_step(&s);
	while (step == GOES_ON);
	*before_r = step == HEADER ? s.at : 0;
	if (step == UNDECIDED)
		return MAIL_FIRST_UNDECIDED;
	if (step == HEADER)
		return MAIL_FIRST_FIELD;
	return n && bytes[0] == '\r' ? MAIL_FIRST_EMPTY : MAIL_FIRST_OTHER;
}

/* --- hops ----------------------------------------------------------------- */

void mail_hops_init(struct mail_hops *h)
{
	*h = (struct mail_hops){.n = 0};
}

/* One octet of a line that may still become a Received field. */
static void match(struct mail_hops *h, uint8_t c)
{
	static const char name[] = "received:";

	if (h->matched == 0 && c == '\r') {
		h->in_body = true;
		return;
	}
	h->skipping = ascii_lower((char)c) != name[h->matched++];
	if (!h->skipping && h->matched == sizeof(name) - 1) {
		h->n++;
		h->skipping = true;
	}
}

void mail_hops_push(struct mail_hops *h, const uint8_t *bytes, size_t n)
{
	const uint8_t *end = bytes + n;

	while (bytes < end && !h->in_body) {
		if (!h->skipping) {
			match(h, *bytes);
			/* A line that ends within the name is skipped too. */
			if (!h->skipping || *bytes != '\n')
				bytes++;
			continue;
		}
		bytes = memchr(bytes, '\n', (size_t)(end - bytes));
		if (!bytes)
			return;
		bytes++;
		h->skipping = false;
		h->matched = 0;
	}
}
