/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Base64 as pure functions: what is decoded goes into a secret and nowhere
 * else. Strict, because two readings of one credential are one too many.
 */
#include "common/base.h"
#include "common/base64.h"

#include "common/buf.h"

/* The value of one base64 digit, or -1. */
static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* The octets that n characters stand for, or -1: no such length, or padding. */
static ssize_t base64_length(const char *text, size_t n)
{
	size_t padding = 0;

	if (n % 4)
		return -1;
	while (padding < 2 && padding < n && text[n - padding - 1] == '=')
		padding++;
	return (ssize_t)(n / 4 * 3 - padding);
}

bool base64_decode(const char *text, size_t n, struct secret *out_r)
{
	ssize_t length = base64_length(text, n);
	size_t digits, at = 0;
	uint32_t bits = 0;

	if (length < 0)
		return false;
	digits = ((size_t)length * 8 + 5) / 6;
	secret_init(out_r, (size_t)length);
	for (size_t i = 0; i < digits; i++) {
		int value = base64_value(text[i]);

		if (value < 0)
			goto refuse;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4) /* every digit but a group's first fills an octet */
			out_r->bytes[at++] =
				(uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	/* RFC 4648 3.5: the bits that pad the last digit are zero. */
	if (digits % 4 && bits & ((1u << (8 - 2 * (digits % 4))) - 1))
		goto refuse;
	return true;
refuse:
	secret_release(out_r);
	return false;
}

bool base64_encode(const uint8_t *bytes, size_t n, struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char group[4];

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t bits = (uint32_t)bytes[i] << 16;

		if (left > 1)
			bits |= (uint32_t)bytes[i + 1] << 8;
		if (left > 2)
			bits |= bytes[i + 2];
		group[0] = digits[bits >> 18];
		group[1] = digits[bits >> 12 & 63];
		group[2] = left > 1 ? digits[bits >> 6 & 63] : '=';
		group[3] = left > 2 ? digits[bits & 63] : '=';
		if (!buf_add(out, group, sizeof(group)))
			return false;
	}
	return true;
}
