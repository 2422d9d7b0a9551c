/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 and HMAC, from Nettle. Keeps nothing. */
#include "common/base.h"
#include "common/digest.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>

#include "common/num.h"

void digest_sha256(const void *bytes, size_t n, uint8_t digest_r[DIGEST_SIZE])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, n, bytes);
	sha256_digest(&ctx, DIGEST_SIZE, digest_r);
}

void digest_hex(const void *bytes, size_t n, char hex_r[DIGEST_HEX_LEN + 1])
{
	uint8_t digest[DIGEST_SIZE];

	digest_sha256(bytes, n, digest);
	num_write_hex(digest, sizeof(digest), hex_r);
}

void digest_keyed_hex(const char *key, const char *label,
		      char hex_r[DIGEST_HEX_LEN + 1])
{
	struct hmac_sha256_ctx ctx;
	uint8_t digest[DIGEST_SIZE];

	hmac_sha256_set_key(&ctx, strlen(key), (const uint8_t *)key);
	hmac_sha256_update(&ctx, strlen(label), (const uint8_t *)label);
	hmac_sha256_digest(&ctx, sizeof(digest), digest);
	explicit_bzero(&ctx, sizeof(ctx));
	num_write_hex(digest, sizeof(digest), hex_r);
}

bool digest_equal(const char *a, const char *b)
{
	size_t n = strlen(a);

	return strlen(b) == n && memeql_sec(a, b, n);
}
