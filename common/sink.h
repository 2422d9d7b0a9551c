/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where bytes are pushed. Filters (dot, crlf) push into one, the store's
 * writers are one, and so is upstream's connection: what is kept and what is
 * sent on are made by the same code.
 */
#ifndef RESTANTE_COMMON_SINK_H
#define RESTANTE_COMMON_SINK_H

#include "common/base.h"

struct sink {
	/* Takes all n bytes and returns 0, or -1: nothing more is wanted. */
	int (*push)(void *to, const uint8_t *bytes, size_t n);
	void *to;
};

static inline int sink_push(const struct sink *s, const uint8_t *bytes,
			    size_t n)
{
	return n ? s->push(s->to, bytes, n) : 0;
}

#endif
