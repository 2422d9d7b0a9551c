/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GMP's allocator, made to wipe. Keeps nothing of its own. */
#include "common/base.h"
#include "store/seal/wiping_allocator.h"

#include <gmp.h>

static void wipe_and_release(void *block, size_t n)
{
	explicit_bzero(block, n);
	free(block);
}

struct wiping_allocator wiping_allocator_set(void)
{
	struct wiping_allocator was;

	mp_get_memory_functions(&was.allocate, &was.grow, &was.release);
	mp_set_memory_functions(NULL, NULL, wipe_and_release);
	return was;
}

void wiping_allocator_restore(const struct wiping_allocator *was)
{
	mp_set_memory_functions(was->allocate, was->grow, was->release);
}
