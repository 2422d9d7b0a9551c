/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strict numbers. Pure functions: no I/O, no locale. */
#include "common/base.h"
#include "common/num.h"

bool num_parse(const char *text, size_t n, uint64_t max, uint64_t *value_r)
{
	uint64_t value = 0;

	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned)(unsigned char)text[i] - '0';

		if (digit > 9 || value > (max - digit) / 10 || digit > max)
			return false;
		value = value * 10 + digit;
	}
	*value_r = value;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool num_parse_hex(const char *text, size_t n, uint8_t *out_r, size_t n_out)
{
	if (n != 2 * n_out)
		return false;
	for (size_t i = 0; i < n_out; i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out_r[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void num_write_hex(const uint8_t *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

static void store(uint8_t *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t load(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = n; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

void num_store16(uint8_t *p, uint16_t v)
{
	store(p, v, 2);
}

void num_store32(uint8_t *p, uint32_t v)
{
	store(p, v, 4);
}

void num_store64(uint8_t *p, uint64_t v)
{
	store(p, v, 8);
}

uint16_t num_load16(const uint8_t *p)
{
	return (uint16_t)load(p, 2);
}

uint32_t num_load32(const uint8_t *p)
{
	return (uint32_t)load(p, 4);
}

uint64_t num_load64(const uint8_t *p)
{
	return load(p, 8);
}
