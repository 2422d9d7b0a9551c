/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Octets from outside as the value of a header field, so that none is lost and
 * none can end the field: percent-encoded, in lines of bounded length.
 */
#ifndef RESTANTE_HANDLERS_MAIL_PERCENT_H
#define RESTANTE_HANDLERS_MAIL_PERCENT_H

#include "common/base.h"

struct buf;

/* Lines that percent_add() makes of n octets are no longer than this. */
#define PERCENT_ROOM(n) (3 * (n) + 3 * ((n) / 20 + 1))

/*
 * Appends lines that continue a field, each a tab, text and CRLF. Between the
 * lines nothing is lost by joining them. Visible ASCII stands for itself, but
 * for "%"; every other octet is "%" and two digits. False: out is full.
 */
bool percent_add(const uint8_t *bytes, size_t n, struct buf *out) MUST_USE;

#endif
