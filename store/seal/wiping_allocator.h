/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nettle's elliptic curves take their blocks from GMP's allocator, which does
 * not wipe what it frees. Between the two calls it does: GnuTLS does the same
 * for itself, but not every program of ours has it.
 */
#ifndef RESTANTE_STORE_SEAL_WIPING_ALLOCATOR_H
#define RESTANTE_STORE_SEAL_WIPING_ALLOCATOR_H

#include "common/base.h"

struct wiping_allocator {
	void *(*allocate)(size_t n);
	void *(*grow)(void *block, size_t from, size_t to);
	void (*release)(void *block, size_t n);
};

/* What was in force, to be put back. */
struct wiping_allocator wiping_allocator_set(void);
void wiping_allocator_restore(const struct wiping_allocator *was);

#endif
