/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bech32 (BIP 173) of whole octets, the form of age's keys as text: read
 * strictly, without the limit of 90 characters that only addresses have. Pure
 * functions; what they read may be a private key, so no copy is left behind.
 */
#ifndef RESTANTE_STORE_SEAL_BECH32_H
#define RESTANTE_STORE_SEAL_BECH32_H

#include "common/base.h"

struct buf;

/*
 * Reads exactly n_out octets from hrp "1" data checksum. The text must be in
 * the case of hrp from end to end. False: not that, and out_r is zero.
 */
bool bech32_decode(const char *text, size_t n, const char *hrp, uint8_t *out_r,
		   size_t n_out);

/* Appends n octets behind hrp, in its case. False: no room in out. */
bool bech32_encode(const char *hrp, const uint8_t *bytes, size_t n,
		   struct buf *out);

#endif
