/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NULs out, then line ends. Holds nothing back but what crlf.c does. */
#include "common/base.h"
#include "handlers/mail/mended.h"

void mended_init(struct mended *m)
{
	*m = (struct mended){.had_nul = false};
	crlf_init(&m->crlf);
}

int mended_push(struct mended *m, const uint8_t *bytes, size_t n,
		const struct sink *sink)
{
	while (n) {
		const uint8_t *nul = memchr(bytes, '\0', n);
		size_t clean = nul ? (size_t)(nul - bytes) : n;

		if (clean && crlf_push(&m->crlf, bytes, clean, sink) < 0)
			return -1;
		if (nul) {
			m->had_nul = true;
			if (crlf_push(&m->crlf, (const uint8_t *)" ", 1, sink) <
			    0)
				return -1;
			clean++;
		}
		bytes += clean;
		n -= clean;
	}
	return 0;
}

int mended_end(struct mended *m, const struct sink *sink)
{
	return crlf_end(&m->crlf, sink);
}

bool mended_changed(const struct mended *m)
{
	return m->had_nul || m->crlf.changed;
}
