/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fingerprints of things that are compared or named. Pure functions. */
#ifndef RESTANTE_COMMON_DIGEST_H
#define RESTANTE_COMMON_DIGEST_H

#include "common/base.h"

enum { DIGEST_SIZE = 32, DIGEST_HEX_LEN = 2 * DIGEST_SIZE };

void digest_sha256(const void *bytes, size_t n, uint8_t digest_r[DIGEST_SIZE]);

/* SHA-256 in lower-case hexadecimal. */
void digest_hex(const void *bytes, size_t n, char hex_r[DIGEST_HEX_LEN + 1]);

/*
 * HMAC-SHA-256 of label under key, in hexadecimal: what follows from a secret
 * for one purpose, and does not lead back to it.
 */
void digest_keyed_hex(const char *key, const char *label,
		      char hex_r[DIGEST_HEX_LEN + 1]);

/* Two texts of the same length, in time that depends on the length alone. */
bool digest_equal(const char *a, const char *b);

#endif
