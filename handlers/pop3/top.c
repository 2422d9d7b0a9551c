/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counting lines of a message whose lines end in CRLF, as all that are kept
 * do; a real server's may end in LF, and their empty line is one all the same.
 * Never adds an octet: where a message has no empty line, all of it is
 * header, and all of it is sent.
 */
#include "common/base.h"
#include "handlers/pop3/top.h"

void pop3_top_init(struct pop3_top *t, uint64_t lines)
{
	*t = (struct pop3_top){.lines = lines};
}

static void end_line(struct pop3_top *t)
{
	if (t->in_body)
		t->lines--;
	else if (t->so_far <= 2) /* CRLF or LF alone */
		t->in_body = true;
	t->so_far = 0;
}

size_t pop3_top_take(struct pop3_top *t, const uint8_t *bytes, size_t n)
{
	size_t taken = 0;

	while (taken < n && !pop3_top_done(t)) {
		const uint8_t *start = bytes + taken;
		const uint8_t *lf = memchr(start, '\n', n - taken);
		size_t part = lf ? (size_t)(lf - start) + 1 : n - taken;

		t->so_far += part;
		taken += part;
		if (lf)
			end_line(t);
	}
	return taken;
}

bool pop3_top_done(const struct pop3_top *t)
{
	return t->in_body && t->lines == 0;
}
