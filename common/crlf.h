/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Line ends made whole, as a push filter: bare LF becomes CRLF, CRs directly
 * before a CRLF are dropped, any other bare CR becomes a space, a missing last
 * CRLF is added. State lives across pushes, so that neither reads nor BDAT
 * chunks can hide a bare CR or LF. Refusing such mail would lose it: Exchange
 * sends bare LF in BDAT. Keeping it would let LF.LF end a RETR early.
 */
#ifndef RESTANTE_COMMON_CRLF_H
#define RESTANTE_COMMON_CRLF_H

#include "common/sink.h"

struct crlf {
	uint64_t n_held; /* CRs seen and not yet passed on */
	bool line_start; /* the last byte passed on was the LF of a CRLF */
	bool changed;	 /* something was not as it should be (flag N) */
	uint64_t octets; /* passed on so far */
};

void crlf_init(struct crlf *c);

/* Pushes n bytes. 0, or -1 as soon as the sink fails. */
int crlf_push(struct crlf *c, const uint8_t *bytes, size_t n,
	      const struct sink *sink);

/*
 * The end of the message: CRs at the very end are bare, a missing last CRLF is
 * added. An empty message stays empty.
 */
int crlf_end(struct crlf *c, const struct sink *sink);

#endif
