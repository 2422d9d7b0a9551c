/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STREAM: the payload key and the sealing of chunks. Opening them stands in a
 * file of its own, which the receiving programs do not link.
 */
#include "common/base.h"
#include "store/seal/stream.h"

#include <nettle/chacha-poly1305.h>

#include "common/log.h"

void stream_init(struct stream *s, const uint8_t file_key[AGE_FILE_KEY_SIZE],
		 const uint8_t nonce[AGE_NONCE_SIZE])
{
	*s = (struct stream){.counter = 0};
	age_hkdf(file_key, AGE_FILE_KEY_SIZE, nonce, AGE_NONCE_SIZE, "payload",
		 s->key);
}

void stream_release(struct stream *s)
{
	explicit_bzero(s, sizeof(*s));
}

/* Eleven octets of counter, big endian, and one that marks the last chunk. */
void stream_nonce(const struct stream *s, bool last,
		  uint8_t nonce_r[STREAM_NONCE_SIZE])
{
	memset(nonce_r, 0, STREAM_NONCE_SIZE);
	for (int i = 0; i < 8; i++)
		nonce_r[10 - i] = (uint8_t)(s->counter >> 8 * i);
	nonce_r[STREAM_NONCE_SIZE - 1] = last;
}

static bool may_seal(const struct stream *s, size_t n, bool last)
{
	if (s->ended || n > AGE_CHUNK_SIZE)
		return false;
	return last ? n > 0 || s->counter == 0 : n == AGE_CHUNK_SIZE;
}

void stream_seal(struct stream *s, const uint8_t *plain, size_t n, bool last,
		 uint8_t *out)
{
	uint8_t nonce[STREAM_NONCE_SIZE];
	struct chacha_poly1305_ctx aead;

	if (!may_seal(s, n, last))
		die_bug("stream_seal: %zu octets in chunk %ju", n,
			(uintmax_t)s->counter);
	stream_nonce(s, last, nonce);
	chacha_poly1305_set_key(&aead, s->key);
	chacha_poly1305_set_nonce(&aead, nonce);
	chacha_poly1305_encrypt(&aead, n, out, plain);
	chacha_poly1305_digest(&aead, AGE_TAG_SIZE, out + n);
	explicit_bzero(&aead, sizeof(aead));
	s->counter++;
	s->ended = last;
}
