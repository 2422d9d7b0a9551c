/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two things a receiver must know of a message's header: where it begins,
 * if there is one at all, and how many hosts it has been through. Both look at
 * text whose lines end in CRLF, in pieces of any size.
 */
#ifndef RESTANTE_HANDLERS_MAIL_MAIL_HEAD_H
#define RESTANTE_HANDLERS_MAIL_MAIL_HEAD_H

#include "common/base.h"

enum mail_first_line {
	MAIL_FIRST_UNDECIDED, /* more of it is needed */
	MAIL_FIRST_FIELD,     /* a header field may continue ours */
	MAIL_FIRST_EMPTY,     /* the header ends before it begins */
	MAIL_FIRST_OTHER,     /* body from the first octet on */
};

/* A name longer than this is none (RFC 5322 2.1.1). */
enum { MAIL_FIRST_LINE_MAX = 998 };

/* Judges a message by its first n octets; never undecided at the maximum. */
enum mail_first_line mail_first_line(const uint8_t *bytes, size_t n);

/* Octets that are enough to judge a message's beginning. */
enum { MAIL_START_MAX = 2 * MAIL_FIRST_LINE_MAX };

/*
 * The same for a whole beginning: where something that is no header stands
 * before a header, FIELD, and *before_r is how long it is. That is any of
 *   a byte order mark of UTF-8;
 *   a line that begins with "From " or ">From ", as in an mbox;
 *   empty lines, or one line of any other kind, if a field follows that mails
 *   are known to have.
 * `all`: nothing more will come.
 */
enum mail_first_line mail_start(const uint8_t *bytes, size_t n, bool all,
				size_t *before_r);

/* Counts the Received fields of one message. */
struct mail_hops {
	unsigned n;
	bool in_body;
	bool skipping;	/* the rest of this line does not matter */
	size_t matched; /* octets of "received:" seen at its start */
};

void mail_hops_init(struct mail_hops *h);
void mail_hops_push(struct mail_hops *h, const uint8_t *bytes, size_t n);

#endif
