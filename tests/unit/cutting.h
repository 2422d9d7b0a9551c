/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every way to hand bytes to a push parser that could matter: whole, in pieces
 * of every size, and in two pieces cut at every place.
 */
#ifndef RESTANTE_TESTS_UNIT_CUTTING_H
#define RESTANTE_TESTS_UNIT_CUTTING_H

#include "common/base.h"

struct cutting {
	size_t first; /* octets of the first piece; 0: as the others */
	size_t step;  /* octets of the others */
};

/* Octets of the piece that begins at `at`, of n in all. */
static inline size_t cutting_piece(const struct cutting *c, size_t at, size_t n)
{
	size_t piece = at == 0 && c->first ? c->first : c->step;

	return piece < n - at ? piece : n - at;
}

/* Calls run() once for every cutting of n octets. */
static inline void
cutting_each(size_t n, void (*run)(const struct cutting *c, const void *arg),
	     const void *arg)
{
	run(&(struct cutting){.step = n ? n : 1}, arg);
	for (size_t step = 1; step < n; step++)
		run(&(struct cutting){.step = step}, arg);
	for (size_t first = 1; first < n; first++)
		run(&(struct cutting){.first = first, .step = n}, arg);
}

#endif
