/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bech32, symbol by symbol. Never keeps what it converts. */
#include "common/base.h"
#include "store/seal/bech32.h"

#include "common/buf.h"

enum { N_CHECKSUM = 6 };

static const char symbols[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static char to_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* The case of the whole text is that of its first character. */
static bool is_upper(const char *hrp)
{
	return to_lower(hrp[0]) != hrp[0];
}

/* One step of the checksum: a BCH code over GF(32), BIP 173. */
static uint32_t checksum_step(uint32_t check, unsigned value)
{
	static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
					     0x3d4233dd, 0x2a1462b3};
	uint32_t top = check >> 25;

	check = (check & 0x1ffffff) << 5 ^ value;
	for (size_t i = 0; i < N_ELEMENTS(generator); i++)
		if (top >> i & 1)
			check ^= generator[i];
	return check;
}

/* The checksum behind the human-readable part, which counts in lower case. */
static uint32_t checksum_of_hrp(const char *hrp)
{
	uint32_t check = 1;

	for (const char *p = hrp; *p; p++)
		check = checksum_step(check, (uint8_t)to_lower(*p) >> 5);
	check = checksum_step(check, 0);
	for (const char *p = hrp; *p; p++)
		check = checksum_step(check, (uint8_t)to_lower(*p) & 31);
	return check;
}

/* 0 to 31, or -1: no symbol, or one of the other case. */
static int symbol_value(char c, bool upper)
{
	char lower = to_lower(c);
	const char *at = memchr(symbols, lower, sizeof(symbols) - 1);

	if (!at || c != (upper ? to_upper(lower) : lower))
		return -1;
	return (int)(at - symbols);
}

/* Symbols that carry n octets: the last one may be filled up with zero bits. */
static size_t n_symbols(size_t n)
{
	return (n * 8 + 4) / 5;
}

static bool decode_data(const char *data, const char *hrp, uint8_t *out,
			size_t n_out)
{
	size_t n_data = n_symbols(n_out);
	uint32_t check = checksum_of_hrp(hrp), bits = 0;
	unsigned n_bits = 0;

	for (size_t i = 0; i < n_data + N_CHECKSUM; i++) {
		int value = symbol_value(data[i], is_upper(hrp));

		if (value < 0)
			return false;
		check = checksum_step(check, (unsigned)value);
		if (i >= n_data)
			continue;
		bits = bits << 5 | (uint32_t)value;
		n_bits += 5;
		if (n_bits >= 8) {
			n_bits -= 8;
			*out++ = (uint8_t)(bits >> n_bits);
		}
	}
	return check == 1 && !(bits & ((1u << n_bits) - 1));
}

bool bech32_decode(const char *text, size_t n, const char *hrp, uint8_t *out_r,
		   size_t n_out)
{
	size_t n_hrp = strlen(hrp);

	if (n == n_hrp + 1 + n_symbols(n_out) + N_CHECKSUM &&
	    !memcmp(text, hrp, n_hrp) && text[n_hrp] == '1' &&
	    decode_data(text + n_hrp + 1, hrp, out_r, n_out))
		return true;
	explicit_bzero(out_r, n_out);
	return false;
}

static bool add_symbol(struct buf *out, unsigned value, bool upper)
{
	char c = symbols[value];

	if (upper)
		c = to_upper(c);
	return buf_add(out, &c, 1);
}

static bool add_checksum(struct buf *out, uint32_t check, bool upper)
{
	for (int i = 0; i < N_CHECKSUM; i++)
		check = checksum_step(check, 0);
	check ^= 1;
	for (int shift = 25; shift >= 0; shift -= 5)
		if (!add_symbol(out, check >> shift & 31, upper))
			return false;
	return true;
}

bool bech32_encode(const char *hrp, const uint8_t *bytes, size_t n,
		   struct buf *out)
{
	uint32_t check = checksum_of_hrp(hrp), bits = 0;
	unsigned n_bits = 0;
	bool upper = is_upper(hrp);

	if (!buf_adds(out, hrp) || !buf_add(out, "1", 1))
		return false;
	/* One zero octet more than there is fills up the last symbol. */
	for (size_t i = 0, left = n_symbols(n); left > 0; left--) {
		if (n_bits < 5) {
			bits = bits << 8 | (i < n ? bytes[i] : 0);
			n_bits += 8;
			i++;
		}
		n_bits -= 5;
		check = checksum_step(check, bits >> n_bits & 31);
		if (!add_symbol(out, bits >> n_bits & 31, upper))
			return false;
	}
	return add_checksum(out, check, upper);
}
