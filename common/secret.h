/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes that must not outlive their use: passwords, private keys, file keys.
 * They live in locked pages left out of core dumps, are wiped on release, and
 * cannot be handed to a printf-like function by accident.
 */
#ifndef RESTANTE_COMMON_SECRET_H
#define RESTANTE_COMMON_SECRET_H

#include "common/base.h"

struct secret {
	uint8_t *bytes; /* NULL: empty */
	size_t len;
	size_t mapped; /* size of the pages behind bytes */
};

#define SECRET_EMPTY ((struct secret){.bytes = NULL})

/*
 * n bytes, zero, to be filled by the caller. Release what was there first. A
 * zero byte that is not counted follows them, for readers of text.
 */
void secret_init(struct secret *s, size_t n);

/* A copy of n bytes; wiping the source is the caller's next line. */
void secret_set(struct secret *s, const void *bytes, size_t n);

/* Wipes and gives the pages back. An empty secret may be released. */
void secret_release(struct secret *s);

/*
 * Overwrites the stack below its caller: there, functions of libraries that the
 * caller has called before left what they copied.
 */
void secret_wipe_stack(void);

/* Equal length and bytes, in time that depends on the lengths alone. */
bool secret_equal(const struct secret *a, const void *bytes, size_t n);

#endif
