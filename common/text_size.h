/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sizes and spans of time, rounded as people say them. */
#ifndef RESTANTE_COMMON_TEXT_SIZE_H
#define RESTANTE_COMMON_TEXT_SIZE_H

#include "common/base.h"

enum { TEXT_SIZE_MAX = 16 };

/* "1.5 MiB", with that decimal mark. */
const char *text_size(uint64_t octets, char decimal, char out[TEXT_SIZE_MAX]);

/* The largest unit of which there is a whole one; minutes at least. */
struct text_span {
	unsigned long n;
	enum { SPAN_MINUTES, SPAN_HOURS, SPAN_DAYS } unit;
};

struct text_span text_span_of(int64_t seconds);

#endif
