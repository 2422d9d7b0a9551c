/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the clock may be believed by whoever takes something away when a
 * number of days is over: only after it has gone on, without a jump, for two
 * days. Pure functions, and a record of fixed size with a checksum.
 */
#ifndef RESTANTE_STORE_STEADY_H
#define RESTANTE_STORE_STEADY_H

#include "common/base.h"

enum {
	STEADY_SIZE = 32,
	STEADY_DAYS = 2,
};

struct steady {
	int64_t last;  /* when it was looked at last; 0: never */
	int64_t since; /* no jump since then */
};

enum steady_state {
	STEADY,
	STEADY_JUMPED,	 /* just now: say so */
	STEADY_NOT_LONG, /* it did, or was seen first, too short a while ago */
};

/* Looks at the clock, and puts down that it did. */
enum steady_state steady_look(struct steady *s, int64_t now);

void steady_encode(const struct steady *s, uint8_t out[STEADY_SIZE]);
/* What is no such record was never looked at. */
void steady_decode(const uint8_t *bytes, size_t n, struct steady *s_r);

#endif
