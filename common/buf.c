/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The growing buffer. Growth wipes the old block: it may have held a secret. */
#include "common/base.h"
#include "common/buf.h"
#include "common/log.h"

static char empty_text[1];

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.data = empty_text, .max = max};
}

void buf_release(struct buf *b)
{
	size_t max = b->max;

	if (b->data && b->data != empty_text) {
		explicit_bzero(b->data, b->size);
		free(b->data);
	}
	buf_init(b, max);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data != empty_text)
		b->data[0] = '\0';
}

void buf_wipe(struct buf *b)
{
	if (b->data != empty_text)
		explicit_bzero(b->data, b->size);
	b->len = 0;
}

/* Makes room for n more bytes and the NUL. */
static bool buf_room(struct buf *b, size_t n)
{
	size_t want, size;
	char *grown;

	if (n > b->max - b->len)
		return false;
	want = b->len + n + 1;
	if (want <= b->size)
		return true;
	size = b->size ? b->size * 2 : 64;
	if (size < want)
		size = want;
	grown = malloc(size);
	if (!grown)
		die_temp("out of memory: %zu bytes", size);
	memcpy(grown, b->data, b->len + 1);
	if (b->data != empty_text) {
		explicit_bzero(b->data, b->size);
		free(b->data);
	}
	b->data = grown;
	b->size = size;
	return true;
}

bool buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (!buf_room(b, n))
		return false;
	if (n)
		memcpy(b->data + b->len, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
	return true;
}

bool buf_adds(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

bool buf_addv(struct buf *b, const char *fmt, va_list ap)
{
	va_list measure;
	int n;

	va_copy(measure, ap);
	n = vsnprintf(NULL, 0, fmt, measure);
	va_end(measure);
	if (n < 0 || !buf_room(b, (size_t)n))
		return false;
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
	return true;
}

bool buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	bool fits;

	va_start(ap, fmt);
	fits = buf_addv(b, fmt, ap);
	va_end(ap);
	return fits;
}

void buf_drop(struct buf *b, size_t n)
{
	if (n > b->len)
		die_bug("buf_drop: %zu of %zu", n, b->len);
	if (!n)
		return;
	memmove(b->data, b->data + n, b->len - n + 1);
	b->len -= n;
}

void buf_cut(struct buf *b, size_t len)
{
	if (len > b->len)
		die_bug("buf_cut: %zu of %zu", len, b->len);
	if (len == b->len)
		return;
	b->data[len] = '\0';
	b->len = len;
}
