/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Characters of UTF-8 (RFC 3629), as far as text from outside needs them. */
#ifndef RESTANTE_COMMON_UTF8_H
#define RESTANTE_COMMON_UTF8_H

#include "common/base.h"

/*
 * Octets of the character at s, of which n may be read; 0 where there is none:
 * no overlong forms, no surrogates, nothing beyond U+10FFFF.
 */
size_t utf8_length(const uint8_t *s, size_t n);

/* C0, DEL and C1 (U+0080 to U+009F): a terminal may obey any of them. */
bool utf8_is_control(const uint8_t *s, size_t n);

/* For a terminal: what it may obey, or is no UTF-8, becomes "?". */
const char *utf8_plain(const char *text, char *out, size_t size);

#endif
