/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where TOP cuts a message (RFC 1939 7): behind the header, the empty line and
 * so many lines of the body. Sees a message in pieces, in any pieces, and
 * keeps none of them.
 */
#ifndef RESTANTE_HANDLERS_POP3_TOP_H
#define RESTANTE_HANDLERS_POP3_TOP_H

#include "common/base.h"

struct pop3_top {
	bool in_body;	 /* the empty line was seen */
	uint64_t lines;	 /* of the body, still wanted */
	uint64_t so_far; /* octets of the line that is not complete yet */
};

void pop3_top_init(struct pop3_top *t, uint64_t lines);

/* How many of the n octets belong to what was asked for. */
size_t pop3_top_take(struct pop3_top *t, const uint8_t *bytes, size_t n);

/* Nothing that follows is wanted. */
bool pop3_top_done(const struct pop3_top *t);

#endif
