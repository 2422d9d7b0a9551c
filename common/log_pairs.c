/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encodes values for the log. Cuts a value rather than the line. */
#include "common/base.h"
#include "common/log_pairs.h"

#include "common/buf.h"

enum { VALUE_MAX = 200 };

/* What no reader of the line could take for a space, a key or an escape. */
static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '%' && c != '=' && c != '"';
}

void log_pairs_add(struct buf *out, const char *key, const char *value)
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
