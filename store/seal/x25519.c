/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one use of Nettle's Curve25519. Never returns with a key on the stack
 * below its caller, nor in a block that was freed.
 */
#include "common/base.h"
#include "store/seal/x25519.h"

#include <nettle/curve25519.h>

#include "common/secret.h"
#include "store/seal/wiping_allocator.h"

void x25519_public(uint8_t public_r[AGE_KEY_SIZE],
		   const uint8_t private_key[AGE_KEY_SIZE])
{
	const struct wiping_allocator was = wiping_allocator_set();

	curve25519_mul_g(public_r, private_key);
	secret_wipe_stack();
	wiping_allocator_restore(&was);
}

void x25519_shared(uint8_t shared_r[AGE_KEY_SIZE],
		   const uint8_t private_key[AGE_KEY_SIZE],
		   const uint8_t public[AGE_KEY_SIZE])
{
	const struct wiping_allocator was = wiping_allocator_set();

	curve25519_mul(shared_r, private_key, public);
	secret_wipe_stack();
	wiping_allocator_restore(&was);
}
