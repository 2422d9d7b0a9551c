/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * application/x-www-form-urlencoded (WHATWG URL 5.1), decoded where it lies:
 * a password in a form is nowhere twice. Decides nothing about values.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_WEB_URLENCODED_H
#define RESTANTE_HANDLERS_CONSOLE_WEB_URLENCODED_H

#include "common/base.h"

enum { URLENCODED_MAX = 64 };

struct urlencoded_pair {
	const char *name;
	const char *value; /* ends in a NUL beyond its length */
	size_t len;	   /* longer than strlen(value): there is a NUL in it */
};

struct urlencoded {
	struct urlencoded_pair list[URLENCODED_MAX];
	size_t n;
};

/*
 * Splits and decodes the n octets of text, behind which one more may be
 * written. The pairs point into it. False: a broken %, or more than
 * URLENCODED_MAX.
 */
bool urlencoded_parse(char *text, size_t n, struct urlencoded *pairs_r);

/* The first of that name, or NULL. */
const struct urlencoded_pair *urlencoded_find(const struct urlencoded *p,
					      const char *name);

/* Its value, or "" where there is none. */
const char *urlencoded_value(const struct urlencoded *p, const char *name);

#endif
