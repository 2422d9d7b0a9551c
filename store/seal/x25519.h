/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * X25519 (RFC 7748) that leaves nothing behind: Nettle computes it, and keeps
 * copies of scalar and result on the stack and in blocks it frees.
 */
#ifndef RESTANTE_STORE_SEAL_X25519_H
#define RESTANTE_STORE_SEAL_X25519_H

#include "store/seal/age.h"

void x25519_public(uint8_t public_r[AGE_KEY_SIZE],
		   const uint8_t private_key[AGE_KEY_SIZE]);

/* All zero where public is a point of low order: then it is not to be used. */
void x25519_shared(uint8_t shared_r[AGE_KEY_SIZE],
		   const uint8_t private_key[AGE_KEY_SIZE],
		   const uint8_t public[AGE_KEY_SIZE]);

#endif
