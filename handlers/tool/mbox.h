/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One message in the mbox format (mboxrd: RFC 4155 with ">From " quoted so
 * that it can be taken back), as a push filter. Lines come in with CRLF and go
 * out with LF; every other octet stays.
 */
#ifndef RESTANTE_HANDLERS_TOOL_MBOX_H
#define RESTANTE_HANDLERS_TOOL_MBOX_H

#include "common/sink.h"

struct mbox {
	const struct sink *sink;
	bool in_line;	/* this line cannot be a "From " line any more */
	size_t quotes;	/* else: ">" held back */
	size_t matched; /* and octets of "From " behind them */
	bool cr;	/* in a line: a CR held back */
};

/* The "From " line; when is the time of arrival. -1: the sink failed. */
int mbox_begin(struct mbox *m, const struct sink *sink, int64_t when);
int mbox_push(struct mbox *m, const uint8_t *bytes, size_t n);
/* The empty line behind the message. */
int mbox_end(struct mbox *m);

#endif
