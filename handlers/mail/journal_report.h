/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A copy as a journal report (MS-XJRNL): multipart/mixed, a text part that
 * names sender and recipients, and the message itself as message/rfc822,
 * untouched. A push filter; holds back no more of a message than the part of
 * its header that the text part is made from.
 */
#ifndef RESTANTE_HANDLERS_MAIL_JOURNAL_REPORT_H
#define RESTANTE_HANDLERS_MAIL_JOURNAL_REPORT_H

#include "common/buf.h"
#include "common/random_id.h"
#include "common/sink.h"

/* Octets of a message's header that are looked at. */
enum { REPORT_HEADER_MAX = 64 * 1024 };

/* Who sent it to whom: the envelope. Borrowed. */
struct report_envelope {
	const char *hostname; /* ours, in From and Message-ID */
	const char *ulid;     /* of the copy */
	const char *sender;   /* "" : <> */
	const char *const *recipients;
	size_t n_recipients;
	int64_t when; /* seconds since 1970 */
};

struct journal_report {
	struct report_envelope envelope;
	bool opened;	   /* everything before the message is written */
	struct buf header; /* of the message, until then */
};

void journal_report_init(struct journal_report *r,
			 const struct report_envelope *envelope);
void journal_report_release(struct journal_report *r);

/* Pushes n octets of the message, whose lines end in CRLF. */
int journal_report_push(struct journal_report *r, const uint8_t *bytes,
			size_t n, const struct sink *sink);

/* The end of the message and of the report. */
int journal_report_end(struct journal_report *r, const struct sink *sink);

#endif
