/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Distinguished names in the one spelling that OpenSSL hashes for the file
 * names of a certificate directory. A pure function over untrusted DER.
 */
#ifndef RESTANTE_COMMON_DN_H
#define RESTANTE_COMMON_DN_H

#include "common/buf.h"

/*
 * Appends the canonical form of a DER Name (RFC 5280 4.1.2.4): text as UTF-8,
 * ASCII letters in lower case, white space trimmed and runs of it one space;
 * the outer SEQUENCE's own header left out. False: not a name, or not
 * one whose text can be converted.
 */
bool dn_canonical(const uint8_t *der, size_t n, struct buf *out) MUST_USE;

#endif
