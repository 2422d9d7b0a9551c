/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one use of Nettle's Curve25519. Its blocks come from GMP's allocator,
 * which is made to wipe what it frees for as long as we are in here, and is
 * then set back: GnuTLS does the same for itself, but not every program of
 * ours has it. Never returns with a key on the stack below its caller.
 */
#include "common/base.h"
#include "store/x25519.h"

#include <gmp.h>
#include <nettle/curve25519.h>

#include "common/secret.h"

struct allocator {
	void *(*allocate)(size_t n);
	void *(*grow)(void *block, size_t from, size_t to);
	void (*release)(void *block, size_t n);
};

static void wipe_and_release(void *block, size_t n)
{
	explicit_bzero(block, n);
	free(block);
}

static struct allocator allocator_wiping(void)
{
	struct allocator was;

	mp_get_memory_functions(&was.allocate, &was.grow, &was.release);
	mp_set_memory_functions(NULL, NULL, wipe_and_release);
	return was;
}

static void allocator_restore(const struct allocator *was)
{
	mp_set_memory_functions(was->allocate, was->grow, was->release);
}

void x25519_public(uint8_t public_r[AGE_KEY_SIZE],
		   const uint8_t private_key[AGE_KEY_SIZE])
{
	const struct allocator was = allocator_wiping();

	curve25519_mul_g(public_r, private_key);
	secret_wipe_stack();
	allocator_restore(&was);
}

void x25519_shared(uint8_t shared_r[AGE_KEY_SIZE],
		   const uint8_t private_key[AGE_KEY_SIZE],
		   const uint8_t public[AGE_KEY_SIZE])
{
	const struct allocator was = allocator_wiping();

	curve25519_mul(shared_r, private_key, public);
	secret_wipe_stack();
	allocator_restore(&was);
}
