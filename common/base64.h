/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one base64 codec (RFC 4648 4): strict and padded. */
#ifndef RESTANTE_COMMON_BASE64_H
#define RESTANTE_COMMON_BASE64_H

#include "common/secret.h"

struct buf;

/* Into a secret, which the caller releases. False: not base64. */
bool base64_decode(const char *text, size_t n, struct secret *out_r);

/* Appends to out. False: it may not grow that far. */
bool base64_encode(const uint8_t *bytes, size_t n, struct buf *out);

#endif
