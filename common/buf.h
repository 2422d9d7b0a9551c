/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Growing bytes with a maximum: the one string builder. Always ends in a NUL
 * beyond its length, so that data can be read as text where it is text.
 */
#ifndef RESTANTE_COMMON_BUF_H
#define RESTANTE_COMMON_BUF_H

#include "common/base.h"

#include <stdarg.h>

struct buf {
	char *data; /* never NULL after buf_init() */
	size_t len;
	size_t size;
	size_t max; /* longest len allowed */
};

/* An empty buffer that may grow to max bytes. Nothing is allocated yet. */
void buf_init(struct buf *b, size_t max);

/* Frees the bytes; the buffer is empty and usable again. */
void buf_release(struct buf *b);

/* Empties it and keeps the memory. */
void buf_reset(struct buf *b);

/* Overwrites every byte it ever held, then empties it. */
void buf_wipe(struct buf *b);

/* Appending. False, and nothing is added, where max would be passed. */
bool buf_add(struct buf *b, const void *bytes, size_t n) MUST_USE;
bool buf_adds(struct buf *b, const char *text) MUST_USE;
bool buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_USE;
bool buf_addv(struct buf *b, const char *fmt, va_list ap)
	PRINTF_LIKE(2, 0) MUST_USE;

/* Removes the first n bytes (n <= len). */
void buf_drop(struct buf *b, size_t n);

/* Shortens it to its first len bytes (no more than there are). */
void buf_cut(struct buf *b, size_t len);

#endif
