/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Failures counted across processes, by key, in a table of fixed size in a
 * file. Keys that fall together share a count, and nobody outside can tell
 * which do; a key that went well within 30 days counts for itself alone, so
 * that no stranger makes it wait. Old counts fade: it slows guessing and is no
 * evidence of anything. Where the file cannot be had, nobody is slowed:
 * logging in must not depend on it.
 */
#ifndef RESTANTE_COMMON_THROTTLE_H
#define RESTANTE_COMMON_THROTTLE_H

#include "common/base.h"

/* Seconds that the next try for this key should wait: 0, 1, 2, 4 … 30. */
unsigned throttle_delay(const char *dir, const char *file, const char *key);

/* Seconds of that delay that are still to come: for who refuses, not waits. */
unsigned throttle_wait(const char *dir, const char *file, const char *key);

/* Whether this key went well within the last 30 days. */
bool throttle_knows(const char *dir, const char *file, const char *key);

/* Counts a failure; or it went well: they are forgotten, and it is known. */
void throttle_note(const char *dir, const char *file, const char *key,
		   bool failed);

/*
 * Whose failures those of an address count for: whoever has one address of
 * IPv6 has the 2^64 that begin like it.
 */
enum { THROTTLE_ORIGIN = 64 };
void throttle_origin(const char *address, char out[THROTTLE_ORIGIN]);

#endif
