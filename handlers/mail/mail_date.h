/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The date of a mail (RFC 5322 3.3), in UTC and without the locale. */
#ifndef RESTANTE_HANDLERS_MAIL_MAIL_DATE_H
#define RESTANTE_HANDLERS_MAIL_MAIL_DATE_H

#include "common/base.h"

struct buf;

/* Appends `when`, seconds since 1970. False: out is full. */
bool mail_date_add(int64_t when, struct buf *out) MUST_USE;

#endif
