/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nettle's codec, and the rule that nothing may stand in between: what is
 * decoded goes into a secret and nowhere else. Strict, because two readings of
 * one credential are one too many.
 */
#include "common/base.h"
#include "common/base64.h"

#include <nettle/base64.h>

#include "common/buf.h"

/* The octets that n characters stand for, or -1: no such length. */
static ssize_t base64_length(const char *text, size_t n)
{
	size_t padding = 0;

	if (n % 4)
		return -1;
	while (padding < 2 && padding < n && text[n - padding - 1] == '=')
		padding++;
	return (ssize_t)(n / 4 * 3 - padding);
}

/*
 * Nettle refuses other characters, a wrong padding and bits behind the last
 * octet (RFC 4648 3.5), but passes over white space: then octets are missing.
 */
bool base64_decode(const char *text, size_t n, struct secret *out_r)
{
	ssize_t length = base64_length(text, n);
	struct base64_decode_ctx decoding;
	size_t got = 0;
	bool good;

	if (length < 0)
		return false;
	secret_init(out_r, (size_t)length);
	base64_decode_init(&decoding);
	good = base64_decode_update(&decoding, &got, out_r->bytes, n, text) &&
	       base64_decode_final(&decoding) && got == (size_t)length;
	explicit_bzero(&decoding, sizeof(decoding));
	if (!good)
		secret_release(out_r);
	return good;
}

bool base64_encode(const uint8_t *bytes, size_t n, struct buf *out)
{
	enum { GROUP = 3 };
	char digits[BASE64_ENCODE_RAW_LENGTH(GROUP)];
	bool fits = true;

	for (size_t i = 0; i < n && fits; i += GROUP) {
		base64_encode_raw(digits, n - i < GROUP ? n - i : GROUP,
				  bytes + i);
		fits = buf_add(out, digits, sizeof(digits));
	}
	explicit_bzero(digits, sizeof(digits));
	return fits;
}
