/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Points in time as people and scripts read them: ISO 8601 in UTC, to the
 * second. Pure functions.
 */
#ifndef RESTANTE_COMMON_ISO_TIME_H
#define RESTANTE_COMMON_ISO_TIME_H

#include "common/base.h"

enum { ISO_TIME_LEN = 20 }; /* 2026-08-01T12:00:00Z */

/* Seconds since 1970, from the year 1970 to 9999; beyond: the nearest. */
void iso_time_write(int64_t seconds, char out[ISO_TIME_LEN + 1]);

/* Exactly that form, and a time that exists. */
bool iso_time_parse(const char *text, int64_t *seconds_r);

#endif
