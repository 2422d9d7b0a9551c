/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STREAM, opened: apart from stream.c because a receiver must not link it.
 * Never leaves plaintext behind that is not authentic.
 */
#include "common/base.h"
#include "store/seal/stream.h"

#include <nettle/chacha-poly1305.h>
#include <nettle/memops.h>

static bool may_open(const struct stream *s, size_t n, bool last)
{
	if (s->ended || n < AGE_TAG_SIZE || n > AGE_CHUNK_SIZE + AGE_TAG_SIZE)
		return false;
	return last ? n > AGE_TAG_SIZE || s->counter == 0
		    : n == AGE_CHUNK_SIZE + AGE_TAG_SIZE;
}

bool stream_open(struct stream *s, const uint8_t *sealed, size_t n, bool last,
		 uint8_t *out)
{
	uint8_t nonce[STREAM_NONCE_SIZE], tag[AGE_TAG_SIZE];
	struct chacha_poly1305_ctx aead;
	size_t n_plain = n - AGE_TAG_SIZE;

	if (!may_open(s, n, last))
		return false;
	stream_nonce(s, last, nonce);
	chacha_poly1305_set_key(&aead, s->key);
	chacha_poly1305_set_nonce(&aead, nonce);
	chacha_poly1305_decrypt(&aead, n_plain, out, sealed);
	chacha_poly1305_digest(&aead, sizeof(tag), tag);
	explicit_bzero(&aead, sizeof(aead));
	if (!memeql_sec(tag, sealed + n_plain, sizeof(tag))) {
		explicit_bzero(out, n_plain);
		return false;
	}
	s->counter++;
	s->ended = last;
	return true;
}
