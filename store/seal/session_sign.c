/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signing as the holder of a mailbox. The seed lives for one call, in a struct
 * secret; nothing of it stays on the stack or in a block of the library's.
 */
#include "common/base.h"
#include "store/seal/session_key.h"

#include <nettle/eddsa.h>

#include "common/log.h"
#include "store/seal/age.h"
#include "store/seal/wiping_allocator.h"

static void derive_seed(const struct secret *private_key, struct secret *seed_r)
{
	static const uint8_t no_salt[1];

	if (private_key->len < AGE_KEY_SIZE)
		die_bug("derive_seed: a key of %zu octets", private_key->len);
	secret_init(seed_r, AGE_KEY_SIZE);
	age_hkdf(private_key->bytes, AGE_KEY_SIZE, no_salt, 0,
		 "restante session 1", seed_r->bytes);
}

void session_key_public(const struct secret *private_key,
			uint8_t public_r[SESSION_KEY_SIZE])
{
	const struct wiping_allocator was = wiping_allocator_set();
	struct secret seed;

	derive_seed(private_key, &seed);
	ed25519_sha512_public_key(public_r, seed.bytes);
	secret_release(&seed);
	secret_wipe_stack();
	wiping_allocator_restore(&was);
}

void session_key_sign(const struct secret *private_key, const void *bytes,
		      size_t n, uint8_t signature_r[SESSION_SIGNATURE_SIZE])
{
	const struct wiping_allocator was = wiping_allocator_set();
	uint8_t public[SESSION_KEY_SIZE];
	struct secret seed;

	derive_seed(private_key, &seed);
	ed25519_sha512_public_key(public, seed.bytes);
	ed25519_sha512_sign(public, seed.bytes, n, bytes, signature_r);
	secret_release(&seed);
	secret_wipe_stack();
	wiping_allocator_restore(&was);
}
