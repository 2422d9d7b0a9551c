/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grammar of lines. Touches no file, knows no kind. */
#include "common/base.h"
#include "store/ledger/line.h"

#include "common/iso_time.h"
#include "common/num.h"

/* --- characters ------------------------------------------------------------
 */

static bool is_plain(unsigned char c)
{
	return c >= 0x21 && c <= 0x7e && c != '%' && c != '=' && c != '"';
}

static bool is_name_character(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static bool is_name(const struct line_part *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (!is_name_character((unsigned char)p->at[i]))
			return false;
	return p->n > 0;
}

/* --- writing ---------------------------------------------------------------
 */

static void add(struct line_writer *w, const char *text)
{
	w->good = w->good && buf_adds(w->out, text);
}

void line_begin(struct line_writer *w, struct buf *out, const char *kind)
{
	*w = (struct line_writer){.out = out, .start = out->len, .good = true};
	add(w, kind);
}

static void add_key(struct line_writer *w, const char *key)
{
	w->good = w->good && buf_addf(w->out, " %s=", key);
}

void line_add(struct line_writer *w, const char *key, const char *value)
{
	add_key(w, key);
	for (; w->good && *value; value++) {
		unsigned char c = (unsigned char)*value;

		w->good = is_plain(c) ? buf_add(w->out, value, 1)
				      : buf_addf(w->out, "%%%02X", c);
	}
}

void line_add_number(struct line_writer *w, const char *key, uint64_t value)
{
	add_key(w, key);
	w->good =
		w->good && buf_addf(w->out, "%llu", (unsigned long long)value);
}

void line_add_hex(struct line_writer *w, const char *key, const uint8_t *bytes,
		  size_t n)
{
	add_key(w, key);
	for (size_t i = 0; w->good && i < n; i++)
		w->good = buf_addf(w->out, "%02x", bytes[i]);
}

void line_add_time(struct line_writer *w, const char *key, int64_t when)
{
	char text[ISO_TIME_LEN + 1];

	iso_time_write(when, text);
	add_key(w, key);
	add(w, text);
}

bool line_end(struct line_writer *w)
{
	size_t n = w->out->len - w->start;

	if (w->good && n <= LINE_OCTETS_MAX && buf_adds(w->out, "\n"))
		return true;
	buf_cut(w->out, w->start);
	return false;
}

/* --- reading ---------------------------------------------------------------
 */

/* The next word up to a space or the end; an empty one is none. */
static bool next_word(const char **at, const char *end, struct line_part *p_r)
{
	const char *space;

	if (*at >= end)
		return false;
	space = memchr(*at, ' ', (size_t)(end - *at));
	p_r->at = *at;
	p_r->n = (size_t)((space ? space : end) - *at);
	*at = space ? space + 1 : end;
	/* A space at the very end would stand before a word that is not there.
	 */
	return p_r->n > 0 && !(space && space + 1 == end);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One octet of an escaped value; its escape must have been needed. */
static bool next_octet(const char **at, const char *end, char *c_r)
{
	int high, low;

	if (is_plain((unsigned char)**at)) {
		*c_r = *(*at)++;
		return true;
	}
	if (**at != '%' || end - *at < 3)
		return false;
	high = hex_digit((*at)[1]);
	low = hex_digit((*at)[2]);
	*at += 3;
	if (high < 0 || low < 0)
		return false;
	*c_r = (char)(high << 4 | low);
	return !is_plain((unsigned char)*c_r);
}

static bool is_value(const struct line_part *p)
{
	const char *at = p->at, *end = at + p->n;
	char c;

	while (at < end)
		if (!next_octet(&at, end, &c))
			return false;
	return true;
}

static bool add_pair(struct line *l, const struct line_part *word)
{
	const char *equals = memchr(word->at, '=', word->n);
	struct line_part key, value;

	if (!equals || l->n_pairs == LINE_PAIRS_MAX)
		return false;
	key = (struct line_part){word->at, (size_t)(equals - word->at)};
	value = (struct line_part){equals + 1, word->n - key.n - 1};
	if (!is_name(&key) || !is_value(&value))
		return false;
	l->keys[l->n_pairs] = key;
	l->values[l->n_pairs++] = value;
	return true;
}

bool line_parse(const char *text, size_t n, struct line *l_r)
{
	const char *at = text, *end = text + n;
	struct line_part word;

	l_r->n_pairs = l_r->taken = 0;
	if (n > LINE_OCTETS_MAX || !next_word(&at, end, &l_r->kind) ||
	    !is_name(&l_r->kind))
		return false;
	while (at < end)
		if (!next_word(&at, end, &word) || !add_pair(l_r, &word))
			return false;
	return true;
}

static bool part_is(const struct line_part *p, const char *text)
{
	return p->n == strlen(text) && memcmp(p->at, text, p->n) == 0;
}

bool line_is(const struct line *l, const char *kind)
{
	return part_is(&l->kind, kind);
}

bool line_next_is(const struct line *l, const char *key)
{
	return l->taken < l->n_pairs && part_is(&l->keys[l->taken], key);
}

void line_skip_rest(struct line *l)
{
	l->taken = l->n_pairs;
}

static const struct line_part *take_pair(struct line *l, const char *key)
{
	return line_next_is(l, key) ? &l->values[l->taken++] : NULL;
}

/* A NUL would end it early for whoever reads it as text: it is no value. */
bool line_take(struct line *l, const char *key, char *out, size_t size)
{
	const struct line_part *p = take_pair(l, key);
	const char *at, *end;
	size_t n = 0;

	if (!p)
		return false;
	for (at = p->at, end = at + p->n; at < end; n++)
		if (n + 1 >= size || !next_octet(&at, end, &out[n]) || !out[n])
			return false;
	out[n] = '\0';
	return true;
}

/* As it is written: no zero in front. */
bool line_take_number(struct line *l, const char *key, uint64_t max,
		      uint64_t *value_r)
{
	const struct line_part *p = take_pair(l, key);

	return p && p->n > 0 && (p->n == 1 || *p->at != '0') &&
	       num_parse(p->at, p->n, max, value_r);
}

bool line_take_hex(struct line *l, const char *key, uint8_t *out, size_t n)
{
	const struct line_part *p = take_pair(l, key);

	if (!p || p->n != 2 * n)
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (p->at[i] >= 'A' && p->at[i] <= 'F')
			return false;
	return num_parse_hex(p->at, p->n, out, n);
}

bool line_take_time(struct line *l, const char *key, int64_t *when_r)
{
	char text[ISO_TIME_LEN + 1];

	return line_take(l, key, text, sizeof(text)) &&
	       iso_time_parse(text, when_r);
}

bool line_is_done(const struct line *l)
{
	return l->taken == l->n_pairs;
}
