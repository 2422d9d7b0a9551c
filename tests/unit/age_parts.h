/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of the seal share: a file in memory as a source and as a
 * sink, both with a place at which they fail, and an age file of known keys.
 */
#ifndef RESTANTE_TESTS_UNIT_AGE_PARTS_H
#define RESTANTE_TESTS_UNIT_AGE_PARTS_H

#include "common/base.h"

#include <errno.h>
#include <limits.h>

#include "common/buf.h"
#include "common/sink.h"
#include "store/seal/identity.h"
#include "store/seal/seal.h"
#include "store/seal/unseal.h"

enum { FILE_MAX = 8 << 20 };

struct memory_source {
	const uint8_t *bytes;
	size_t left;
	size_t step;  /* octets a call at most */
	size_t calls; /* that succeed; the next one fails */
};

static inline ssize_t memory_pull(void *from, uint8_t *bytes, size_t n)
{
	struct memory_source *m = from;

	if (!m->calls--) {
		errno = EIO;
		return -1;
	}
	n = n < m->step ? n : m->step;
	n = n < m->left ? n : m->left;
	memcpy(bytes, m->bytes, n);
	m->bytes += n;
	m->left -= n;
	return (ssize_t)n;
}

static inline struct memory_source memory_of(const struct buf *file)
{
	return (struct memory_source){.bytes = (const uint8_t *)file->data,
				      .left = file->len,
				      .step = SSIZE_MAX,
				      .calls = SIZE_MAX};
}

struct memory_sink {
	struct buf file;
	size_t calls;	/* that succeed; the next one fails */
	size_t largest; /* octets pushed at once */
};

static inline int memory_push(void *to, const uint8_t *bytes, size_t n)
{
	struct memory_sink *m = to;

	if (!m->calls--)
		return -1;
	if (m->largest < n)
		m->largest = n;
	return buf_add(&m->file, bytes, n) ? 0 : -1;
}

static inline void memory_sink_init(struct memory_sink *m)
{
	*m = (struct memory_sink){.calls = SIZE_MAX};
	buf_init(&m->file, FILE_MAX);
}

/*
 * Opens a whole file into plain (initialised here). Returns 0 or the kind of
 * the failure; *at_new_r says whether the header failed already.
 */
static inline enum err_kind open_from(struct memory_source *m,
				      const struct unseal_key *key,
				      struct buf *plain_r, bool *at_new_r)
{
	const struct source source = {.pull = memory_pull, .from = m};
	struct err e = {.kind = ERR_NONE};
	struct unsealer *u = unsealer_new(key, &source, &e);
	const uint8_t *bytes;
	size_t n = 0;

	buf_init(plain_r, FILE_MAX);
	*at_new_r = !u;
	while (u && unsealer_next(u, &bytes, &n, &e) == 0 && n > 0)
		if (!buf_add(plain_r, bytes, n))
			abort();
	unsealer_free(&u);
	return e.kind;
}

static inline enum err_kind open_file(const struct buf *file,
				      const struct unseal_key *key,
				      struct buf *plain_r)
{
	struct memory_source m = memory_of(file);
	bool at_new;

	return open_from(&m, key, plain_r, &at_new);
}

/* Octets that look like nothing in particular, the same each time. */
static inline void fill_plain(struct buf *b, size_t n)
{
	uint32_t state = 1;

	buf_reset(b);
	for (size_t i = 0; i < n; i++) {
		uint8_t octet;

		state = state * 1664525 + 1013904223;
		octet = (uint8_t)(state >> 24);
		if (!buf_add(b, &octet, 1))
			abort();
	}
}

#endif
