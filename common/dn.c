/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads DER with definite lengths, every step within bounds. No I/O. */
#include "common/base.h"
#include "common/dn.h"

#include "common/ascii.h"

enum {
	TAG_UTF8 = 0x0c,
	TAG_PRINTABLE = 0x13,
	TAG_T61 = 0x14,
	TAG_IA5 = 0x16,
	TAG_VISIBLE = 0x1a,
	TAG_UNIVERSAL = 0x1c,
	TAG_BMP = 0x1e,
	TAG_OID = 0x06,
	TAG_SEQUENCE = 0x30,
	TAG_SET = 0x31,
	NAME_MAX_OCTETS = 64 * 1024,
};

struct der {
	const uint8_t *bytes;
	size_t n;
};

/* Cuts the next element off. False: none is whole. */
static bool der_next(struct der *from, uint8_t *tag_r, struct der *value_r)
{
	size_t length, head = 2;

	if (from->n < 2)
		return false;
	length = from->bytes[1];
	if (length & 0x80) {
		size_t n_octets = length & 0x7f;

		if (n_octets < 1 || n_octets > 3 || from->n < 2 + n_octets)
			return false;
		for (length = 0; head < 2 + n_octets; head++)
			length = length << 8 | from->bytes[head];
	}
	if (length > from->n - head)
		return false;
	*tag_r = from->bytes[0];
	*value_r = (struct der){.bytes = from->bytes + head, .n = length};
	from->bytes += head + length;
	from->n -= head + length;
	return true;
}

static bool der_expect(struct der *from, uint8_t tag, struct der *value_r)
{
	uint8_t found;

	return der_next(from, &found, value_r) && found == tag;
}

static bool der_add(struct buf *out, uint8_t tag, const void *bytes, size_t n)
{
	uint8_t head[5] = {tag};
	size_t used = 2;

	if (n < 0x80) {
		head[1] = (uint8_t)n;
	} else {
		for (unsigned shift = 24; shift > 0;) {
			shift -= 8;
			if (n >> shift || used > 2)
				head[used++] = (uint8_t)(n >> shift);
		}
		head[1] = (uint8_t)(0x80 | (used - 2));
	}
	return buf_add(out, head, used) && buf_add(out, bytes, n);
}

static bool add_utf8(struct buf *out, uint32_t c)
{
	char octets[4];
	size_t n;

	if (c < 0x80) {
		octets[0] = (char)c;
		n = 1;
	} else if (c < 0x800) {
		octets[0] = (char)(0xc0 | c >> 6);
		n = 2;
	} else if (c < 0x10000) {
		octets[0] = (char)(0xe0 | c >> 12);
		n = 3;
	} else if (c < 0x110000) {
		octets[0] = (char)(0xf0 | c >> 18);
		n = 4;
	} else {
		return false;
	}
	for (size_t i = 1; i < n; i++)
		octets[i] = (char)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
	return buf_add(out, octets, n);
}

/* Octets a character of this string type has; 0: not one of the text types. */
static size_t character_size(uint8_t tag)
{
	switch (tag) {
	case TAG_UTF8:
	case TAG_PRINTABLE:
	case TAG_T61:
	case TAG_IA5:
	case TAG_VISIBLE:
		return 1;
	case TAG_BMP:
		return 2;
	case TAG_UNIVERSAL:
		return 4;
	default:
		return 0;
	}
}

static bool to_utf8(uint8_t tag, const struct der *value, struct buf *out)
{
	size_t size = character_size(tag);

	if (tag == TAG_UTF8)
		return buf_add(out, value->bytes, value->n);
	if (value->n % size)
		return false;
	for (size_t i = 0; i < value->n; i += size) {
		uint32_t c = 0;

		for (size_t k = 0; k < size; k++)
			c = c << 8 | value->bytes[i + k];
		if (!add_utf8(out, c))
			return false;
	}
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Trims, folds white space and lowers ASCII, in place. */
static void fold(struct buf *text)
{
	size_t kept = 0;
	bool space = false;

	for (size_t i = 0; i < text->len; i++) {
		char c = text->data[i];

		if (is_space(c)) {
			space = kept > 0;
			continue;
		}
		if (space)
			text->data[kept++] = ' ';
		space = false;
		text->data[kept++] = ascii_lower(c);
	}
	text->len = kept;
}

/* AttributeTypeAndValue ::= SEQUENCE { type OID, value ANY } */
static bool add_attribute(struct der pair, struct buf *out)
{
	struct der type, value;
	struct buf text, both;
	uint8_t tag;
	bool ok;

	if (!der_expect(&pair, TAG_OID, &type) ||
	    !der_next(&pair, &tag, &value) || pair.n)
		return false;
	buf_init(&text, NAME_MAX_OCTETS);
	buf_init(&both, NAME_MAX_OCTETS);
	if (character_size(tag)) {
		ok = to_utf8(tag, &value, &text);
		fold(&text);
		tag = TAG_UTF8;
	} else {
		ok = buf_add(&text, value.bytes, value.n);
	}
	ok = ok && der_add(&both, TAG_OID, type.bytes, type.n) &&
	     der_add(&both, tag, text.data, text.len) &&
	     der_add(out, TAG_SEQUENCE, both.data, both.len);
	buf_release(&both);
	buf_release(&text);
	return ok;
}

/*
 * RelativeDistinguishedName ::= SET OF AttributeTypeAndValue. Folding may
 * change the order that DER asks of a set with several members; such names of
 * CAs do not occur in the public stores, and then no file is found.
 */
static bool add_rdn(struct der set, struct buf *out)
{
	struct buf members;
	struct der pair;
	bool ok = set.n > 0;

	buf_init(&members, NAME_MAX_OCTETS);
	while (ok && set.n)
		ok = der_expect(&set, TAG_SEQUENCE, &pair) &&
		     add_attribute(pair, &members);
	ok = ok && der_add(out, TAG_SET, members.data, members.len);
	buf_release(&members);
	return ok;
}

bool dn_canonical(const uint8_t *der, size_t n, struct buf *out)
{
	struct der from = {.bytes = der, .n = n}, names, set;

	if (!der_expect(&from, TAG_SEQUENCE, &names) || from.n)
		return false;
	while (names.n)
		if (!der_expect(&names, TAG_SET, &set) || !add_rdn(set, out))
			return false;
	return true;
}
