/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dot transparency both ways (RFC 5321 4.5.2, RFC 1939 3), as push filters.
 * Only CRLF.CRLF ends a message: any looser rule lets one message smuggle
 * another past a stricter peer.
 */
#ifndef RESTANTE_HANDLERS_MAIL_DOT_H
#define RESTANTE_HANDLERS_MAIL_DOT_H

#include "common/sink.h"

enum dot_in_state {
	DOT_IN_LINE_START, /* after CRLF, or at the very beginning */
	DOT_IN_TEXT,
	DOT_IN_CR,     /* CR seen, LF may follow */
	DOT_IN_DOT,    /* "." at the start of a line, held back */
	DOT_IN_DOT_CR, /* ".CR" at the start of a line, held back */
	DOT_IN_END,    /* CRLF.CRLF seen */
};

struct dot_in {
	enum dot_in_state state;
	bool sink_failed; /* the sink said -1: input is still read to its end */
};

void dot_in_init(struct dot_in *d);

/*
 * Pushes n received bytes, unstuffed, into sink; stops behind the final dot.
 * Returns how many were consumed; fewer than n only at the end of the message
 * (the rest is the next command). A failing sink is called no more, and the
 * message is read to its end all the same.
 */
size_t dot_in_push(struct dot_in *d, const uint8_t *bytes, size_t n,
		   const struct sink *sink);

bool dot_in_done(const struct dot_in *d);

struct dot_out {
	bool line_start; /* the next byte begins a line */
	bool cr;	 /* the last byte was CR */
};

void dot_out_init(struct dot_out *d);

/*
 * Pushes n bytes of a message whose lines end in CRLF, dots stuffed. Returns
 * 0, or -1 as soon as the sink fails.
 */
int dot_out_push(struct dot_out *d, const uint8_t *bytes, size_t n,
		 const struct sink *sink);

/* The closing ".CRLF", behind a CRLF added only where the message lacks one. */
int dot_out_end(struct dot_out *d, const struct sink *sink);

#endif
