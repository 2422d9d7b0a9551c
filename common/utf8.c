/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8, one character at a time. No locale. */
#include "common/base.h"
#include "common/utf8.h"

/* The octets that the second one must lie between (RFC 3629 4). */
static void second_range(uint8_t first, uint8_t *low_r, uint8_t *high_r)
{
	*low_r = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	*high_r = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
}

size_t utf8_length(const uint8_t *s, size_t n)
{
	uint8_t low, high;
	size_t len;

	if (n == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	second_range(s[0], &low, &high);
	if (len > n || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool utf8_is_control(const uint8_t *s, size_t n)
{
	return s[0] < 0x20 || s[0] == 0x7f ||
	       (n > 1 && s[0] == 0xc2 && s[1] < 0xa0);
}

const char *utf8_plain(const char *text, char *out, size_t size)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t left = strlen(text), at = 0, n;

	for (; left > 0; s += n, left -= n) {
		n = utf8_length(s, left);
		if (at + (n ? n : 1) >= size)
			break;
		if (n > 0 && !utf8_is_control(s, n)) {
			memcpy(out + at, s, n);
			at += n;
		} else {
			n = n ? n : 1;
			out[at++] = '?';
		}
	}
	out[at] = '\0';
	return out;
}
