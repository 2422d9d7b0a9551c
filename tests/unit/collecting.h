/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sink for tests: keeps what it is given, and fails when it is to. */
#ifndef RESTANTE_TESTS_UNIT_COLLECTING_H
#define RESTANTE_TESTS_UNIT_COLLECTING_H

#include "common/buf.h"
#include "common/sink.h"

struct collecting {
	struct buf text;
	size_t fails_at; /* octets; 0: never */
};

static inline int collecting_push(void *to, const uint8_t *bytes, size_t n)
{
	struct collecting *c = to;

	if (c->fails_at && c->text.len + n >= c->fails_at)
		return -1;
	return buf_add(&c->text, bytes, n) ? 0 : -1;
}

static inline struct sink collecting_sink(struct collecting *c)
{
	return (struct sink){.push = collecting_push, .to = c};
}

#endif
