/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keys of an age file, derived by its formulas. Every intermediate value
 * is wiped where it was made; unwrapping a file key is not done here.
 */
#include "common/base.h"
#include "store/seal/age.h"

#include <nettle/chacha-poly1305.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>

/* HMAC-SHA-256 over n octets and one more where last >= 0. */
static void hmac(const uint8_t *key, size_t n_key, const uint8_t *bytes,
		 size_t n, int last, uint8_t mac[SHA256_DIGEST_SIZE])
{
	struct hmac_sha256_ctx ctx;
	uint8_t octet = (uint8_t)last;

	hmac_sha256_set_key(&ctx, n_key, key);
	hmac_sha256_update(&ctx, n, bytes);
	if (last >= 0)
		hmac_sha256_update(&ctx, 1, &octet);
	hmac_sha256_digest(&ctx, SHA256_DIGEST_SIZE, mac);
	explicit_bzero(&ctx, sizeof(ctx));
}

/* One round of expansion fills 32 octets: T(1) = HMAC(PRK, info | 0x01). */
void age_hkdf(const uint8_t *key, size_t n_key, const uint8_t *salt,
	      size_t n_salt, const char *info, uint8_t out[AGE_KEY_SIZE])
{
	uint8_t extracted[SHA256_DIGEST_SIZE];

	/* RFC 5869 2.2: the salt is HMAC's key. */
	/* NOLINTNEXTLINE(readability-suspicious-call-argument) */
	hmac(salt, n_salt, key, n_key, -1, extracted);
	hmac(extracted, sizeof(extracted), (const uint8_t *)info, strlen(info),
	     1, out);
	explicit_bzero(extracted, sizeof(extracted));
}

void age_header_mac(const uint8_t file_key[AGE_FILE_KEY_SIZE],
		    const uint8_t *header, size_t n, uint8_t mac[32])
{
	static const uint8_t no_salt[1];
	uint8_t key[AGE_KEY_SIZE];

	age_hkdf(file_key, AGE_FILE_KEY_SIZE, no_salt, 0, "header", key);
	hmac(key, sizeof(key), header, n, -1, mac);
	explicit_bzero(key, sizeof(key));
}

void age_wrap(const uint8_t wrap_key[AGE_KEY_SIZE],
	      const uint8_t file_key[AGE_FILE_KEY_SIZE],
	      uint8_t body[AGE_WRAPPED_SIZE])
{
	static const uint8_t nonce[CHACHA_POLY1305_NONCE_SIZE];
	struct chacha_poly1305_ctx aead;

	chacha_poly1305_set_key(&aead, wrap_key);
	chacha_poly1305_set_nonce(&aead, nonce);
	chacha_poly1305_encrypt(&aead, AGE_FILE_KEY_SIZE, body, file_key);
	chacha_poly1305_digest(&aead, AGE_TAG_SIZE, body + AGE_FILE_KEY_SIZE);
	explicit_bzero(&aead, sizeof(aead));
}

bool age_x25519_wrap_key(const uint8_t shared[AGE_KEY_SIZE],
			 const uint8_t share[AGE_KEY_SIZE],
			 const uint8_t public[AGE_KEY_SIZE],
			 uint8_t out[AGE_KEY_SIZE])
{
	static const uint8_t zero[AGE_KEY_SIZE];
	uint8_t salt[2 * AGE_KEY_SIZE];

	if (memeql_sec(shared, zero, sizeof(zero)))
		return false;
	memcpy(salt, share, AGE_KEY_SIZE);
	memcpy(salt + AGE_KEY_SIZE, public, AGE_KEY_SIZE);
	age_hkdf(shared, AGE_KEY_SIZE, salt, sizeof(salt),
		 "age-encryption.org/v1/X25519", out);
	return true;
}
