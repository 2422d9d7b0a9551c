/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The seam between a trace header and the message behind it, as a push
 * filter: where the message's first line cannot be a header field, an empty
 * line goes before it, else the body's first lines would be read as header.
 * Holds back no more than one line.
 */
#ifndef RESTANTE_HANDLERS_MAIL_FIRST_LINE_H
#define RESTANTE_HANDLERS_MAIL_FIRST_LINE_H

#include "common/buf.h"
#include "common/sink.h"

struct first_line {
	bool judged; /* what was held is passed on */
	struct buf held;
};

void first_line_init(struct first_line *f);
void first_line_release(struct first_line *f);

/* Pushes n octets whose lines end in CRLF. 0, or -1 as the sink says. */
int first_line_push(struct first_line *f, const uint8_t *bytes, size_t n,
		    const struct sink *sink);

/* The end of the message: an empty one gets the empty line too. */
int first_line_end(struct first_line *f, const struct sink *sink);

#endif
