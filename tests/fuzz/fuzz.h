/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the fuzz targets share. A target is one function over bytes that must
 * return for every input; what must hold is required with fuzz_require(), so
 * that the engines see a crash. No target remembers anything from one input
 * to the next.
 */
#ifndef RESTANTE_TESTS_FUZZ_H
#define RESTANTE_TESTS_FUZZ_H

#include "common/buf.h"
#include "common/log.h"
#include "common/sink.h"

/* The name that libFuzzer, AFL++ and our own driver (replay.c) call. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define fuzz_require(condition)                                                \
	((condition) ? (void)0                                                 \
		     : die_bug("%s:%d: %s", __FILE__, __LINE__, #condition))

/* The input as text: a copy that ends in NUL, to be freed. */
char *fuzz_text(const uint8_t *bytes, size_t n);

/* The input as a file: a descriptor at its beginning, to be closed. */
int fuzz_file(const uint8_t *bytes, size_t n);

/* A sink that appends to b, which must have room. */
struct sink fuzz_sink(struct buf *b);
void fuzz_require_equal(const struct buf *a, const struct buf *b);

/* Lines that end in CRLF and hold no other CR or LF; the last may be open. */
void fuzz_require_lines(const struct buf *text);

enum { FUZZ_ROOM = 8 * 1024 * 1024 };

/*
 * A push filter must not care where its input is cut: pushes bytes whole, then
 * octet by octet, then cut in two, and requires the same output each time.
 */
struct fuzz_filter {
	/* From its start to its end: cut 0 is whole, 1 octet by octet. */
	void (*run)(const uint8_t *bytes, size_t n, size_t cut,
		    const struct sink *sink);
};
void fuzz_require_uncut(const struct fuzz_filter *f, const uint8_t *bytes,
			size_t n, struct buf *out);

/* The next piece for such a run. */
size_t fuzz_piece(size_t at, size_t n, size_t cut);

#endif
