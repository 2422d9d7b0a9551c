/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Percent-encoding for header fields. Decides nothing about what is encoded. */
#include "common/base.h"
#include "handlers/mail/percent.h"

#include "common/buf.h"

enum { LINE_TEXT_MAX = 72 }; /* RFC 5322 2.1.1: 78, with what is around it */

static bool is_plain(uint8_t c)
{
	return c > ' ' && c < 0x7f && c != '%';
}

/* One line of what is left; *n shrinks. */
static bool add_line(const uint8_t **bytes, size_t *n, struct buf *out)
{
	bool fits = buf_adds(out, "\t");

	for (size_t used = 0; fits && *n && used + 3 <= LINE_TEXT_MAX;) {
		bool plain = is_plain(**bytes);

		fits = plain ? buf_add(out, *bytes, 1)
			     : buf_addf(out, "%%%02X", **bytes);
		used += plain ? 1 : 3;
		++*bytes;
		--*n;
	}
	return fits && buf_adds(out, "\r\n");
}

bool percent_add(const uint8_t *bytes, size_t n, struct buf *out)
{
	bool fits = true;

	while (fits && n)
		fits = add_line(&bytes, &n, out);
	return fits;
}
