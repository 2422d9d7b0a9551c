/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Splitting and decoding in place. Nothing is allocated. */
#include "common/base.h"
#include "handlers/console/web/urlencoded.h"

#include "common/num.h"

/* Decodes text[0..n) into itself and ends it. False: a broken %. */
static bool decode_in_place(char *text, size_t n, size_t *len_r)
{
	char *out = text;

	for (size_t i = 0; i < n; i++) {
		uint8_t octet = (uint8_t)text[i];

		if (text[i] == '+') {
			octet = ' ';
		} else if (text[i] == '%') {
			if (n - i < 3 ||
			    !num_parse_hex(text + i + 1, 2, &octet, 1))
				return false;
			i += 2;
		}
		*out++ = (char)octet;
	}
	*len_r = (size_t)(out - text);
	*out = '\0';
	return true;
}

static bool take_pair(char *text, size_t n, struct urlencoded_pair *pair_r)
{
	char *equals = memchr(text, '=', n);
	size_t n_name = equals ? (size_t)(equals - text) : n, len;

	pair_r->name = text;
	if (!equals) {
		pair_r->value = "";
		pair_r->len = 0;
		return decode_in_place(text, n_name, &len);
	}
	pair_r->value = equals + 1;
	return decode_in_place(equals + 1, n - n_name - 1, &pair_r->len) &&
	       decode_in_place(text, n_name, &len);
}

bool urlencoded_parse(char *text, size_t n, struct urlencoded *pairs_r)
{
	char *end = text + n;

	pairs_r->n = 0;
	while (text < end) {
		char *stop = memchr(text, '&', (size_t)(end - text));
		size_t len = (size_t)((stop ? stop : end) - text);

		if (len &&
		    (pairs_r->n == URLENCODED_MAX ||
		     !take_pair(text, len, &pairs_r->list[pairs_r->n++])))
			return false;
		text += len + 1;
	}
	return true;
}

const struct urlencoded_pair *urlencoded_find(const struct urlencoded *p,
					      const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->list[i].name, name) == 0)
			return &p->list[i];
	return NULL;
}

const char *urlencoded_value(const struct urlencoded *p, const char *name)
{
	const struct urlencoded_pair *found = urlencoded_find(p, name);

	return found ? found->value : "";
}
