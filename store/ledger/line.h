/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One line of a spool or a ledger, as text: `kind *(SP key=value)`, at most
 * LINE_OCTETS_MAX octets without its LF. Every octet of a value outside
 * %x21-7E, and `%`, `=` and `"`, is written %HH in upper case, and nothing else
 * is: one text for one value. Pure functions; what they read may come from an
 * attacker.
 */
#ifndef RESTANTE_STORE_LEDGER_LINE_H
#define RESTANTE_STORE_LEDGER_LINE_H

#include "common/buf.h"

enum {
	LINE_OCTETS_MAX = 1024,
	LINE_PAIRS_MAX = 16,
};

/* --- writing ---------------------------------------------------------------
 */

/*
 * A line being written at the end of a buffer, which may hold others. Adding
 * returns nothing: line_end() says whether all of it fitted, and takes the
 * line back where it did not.
 */
struct line_writer {
	struct buf *out;
	size_t start;
	bool good;
};

void line_begin(struct line_writer *w, struct buf *out, const char *kind);
void line_add(struct line_writer *w, const char *key, const char *value);
void line_add_number(struct line_writer *w, const char *key, uint64_t value);
void line_add_hex(struct line_writer *w, const char *key, const uint8_t *bytes,
		  size_t n);
/* Seconds since 1970, as common/iso_time.h has them. */
void line_add_time(struct line_writer *w, const char *key, int64_t when);
/* Ends it with an LF. */
bool line_end(struct line_writer *w) MUST_USE;

/* --- reading ---------------------------------------------------------------
 */

/* Lent from the text that was parsed. */
struct line_part {
	const char *at;
	size_t n;
};

struct line {
	struct line_part kind;
	size_t n_pairs;
	size_t taken; /* pairs that line_take…() have gone past */
	struct line_part keys[LINE_PAIRS_MAX];
	struct line_part values[LINE_PAIRS_MAX]; /* still escaped */
};

/* A line without its LF. False: it is not one. */
bool line_parse(const char *text, size_t n, struct line *l_r) MUST_USE;
bool line_is(const struct line *l, const char *kind);

/*
 * Each takes the next pair, which must have that key: the order of a kind's
 * keys is fixed. False: it has not, or its value is not such a one.
 */
bool line_take(struct line *l, const char *key, char *out,
	       size_t size) MUST_USE;
bool line_take_number(struct line *l, const char *key, uint64_t max,
		      uint64_t *value_r) MUST_USE;
bool line_take_hex(struct line *l, const char *key, uint8_t *out,
		   size_t n) MUST_USE;
bool line_take_time(struct line *l, const char *key, int64_t *when_r) MUST_USE;
/* Whether the next pair has that key. */
bool line_next_is(const struct line *l, const char *key);
void line_skip_rest(struct line *l);
/* Whether all pairs were taken. */
bool line_is_done(const struct line *l);

#endif
