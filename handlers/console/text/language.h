/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reader's language, and numbers, sizes and times as it writes them.
 * Texts come from a catalog; the forms of numbers from one small table, for the
 * machine need not have a locale of that language installed.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_TEXT_LANGUAGE_H
#define RESTANTE_HANDLERS_CONSOLE_TEXT_LANGUAGE_H

#include "common/base.h"

struct language {
	const char *code; /* "de" */
	const char *name; /* "Deutsch" */
	const char *decimal;
	const char *thousands;
	enum { DATE_IN_WORDS, DATE_WITH_DOTS, DATE_WITH_SLASHES } date;
};

/* All there are; *n_r of them. */
const struct language *languages(size_t *n_r);

/* The one with that code, or NULL. */
const struct language *language_find(const char *code);

/* The best for an Accept-Language header (RFC 9110 12.5.4), or NULL. */
const struct language *language_accepted(const char *header);

/* From here on texts are in that language. */
void language_use(const struct language *l);

enum { TEXT_SIZE = 64 };

/* "12,345". */
const char *text_number(const struct language *l, uint64_t n,
			char out[TEXT_SIZE]);
/* "1.5 MiB". */
const char *text_octets(const struct language *l, uint64_t octets,
			char out[TEXT_SIZE]);
/* Date and time on this machine's clock; "never" for 0. */
const char *text_time(const struct language *l, int64_t when,
		      char out[TEXT_SIZE]);
const char *text_date(const struct language *l, int64_t when,
		      char out[TEXT_SIZE]);
/* The date of that day since 1970, in UTC. */
const char *text_day(const struct language *l, int64_t day,
		     char out[TEXT_SIZE]);
/* "3 days", "1 hour". */
const char *text_span(int64_t seconds, char out[TEXT_SIZE]);

#endif
