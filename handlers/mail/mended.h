/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message as a proxy passes it on and keeps it, the same octets both times:
 * line ends mended (common/crlf.h), and a NUL made a space. Some readers drop
 * NULs, and would see an end in CRLF NUL . CRLF that we have not seen. A push
 * filter.
 */
#ifndef RESTANTE_HANDLERS_MAIL_MENDED_H
#define RESTANTE_HANDLERS_MAIL_MENDED_H

#include "common/crlf.h"

struct mended {
	struct crlf crlf;
	bool had_nul;
};

void mended_init(struct mended *m);

/* Pushes n octets, unstuffed. 0, or -1 as soon as the sink fails. */
int mended_push(struct mended *m, const uint8_t *bytes, size_t n,
		const struct sink *sink);
int mended_end(struct mended *m, const struct sink *sink);

/* Something is not as it came (flag N). */
bool mended_changed(const struct mended *m);

#endif
