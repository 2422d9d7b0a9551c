/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking at a header without keeping it. Changes nothing, parses no field. */
#include "common/base.h"
#include "handlers/mail/mail_head.h"

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
