/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The seam between a trace header and the message behind it, as a push filter.
 * Where the message has no header, an empty line goes before it, else the
 * body's first lines would be read as header. Where something stands before
 * its header, such as the "From " line of an mbox, a byte order mark or empty
 * lines, that becomes a field, X-Restante-Before-Header, percent-encoded octet
 * by octet (percent.h): so whoever reads the copy sees Subject and From, and
 * nothing is lost. Holds back no more than two lines.
 */
#ifndef RESTANTE_HANDLERS_MAIL_FIRST_LINE_H
#define RESTANTE_HANDLERS_MAIL_FIRST_LINE_H

#include "common/buf.h"
#include "common/sink.h"

struct first_line {
	bool judged; /* what was held is passed on */
	bool moved;  /* something became a field */
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
