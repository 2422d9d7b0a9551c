/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STREAM, the payload of an age file: one chunk sealed or opened at a time,
 * its counter and the last-chunk flag bound into the nonce.
 */
#ifndef RESTANTE_STORE_SEAL_STREAM_H
#define RESTANTE_STORE_SEAL_STREAM_H

#include "store/seal/age.h"

enum { STREAM_NONCE_SIZE = 12 }; /* of one chunk */

struct stream {
	uint8_t key[AGE_KEY_SIZE]; /* wiped by stream_release() */
	uint64_t counter;
	bool ended; /* the last chunk was seen */
};

void stream_init(struct stream *s, const uint8_t file_key[AGE_FILE_KEY_SIZE],
		 const uint8_t nonce[AGE_NONCE_SIZE]);
void stream_release(struct stream *s);

/* The nonce of the next chunk; for the two halves of this room alone. */
void stream_nonce(const struct stream *s, bool last,
		  uint8_t nonce_r[STREAM_NONCE_SIZE]);

/*
 * Seals n octets: AGE_CHUNK_SIZE, fewer in the last chunk, none only where
 * the last is the first. out takes n + AGE_TAG_SIZE and may be plain itself.
 */
void stream_seal(struct stream *s, const uint8_t *plain, size_t n, bool last,
		 uint8_t *out);

/*
 * Opens a sealed chunk of n octets, tag included; out takes n - AGE_TAG_SIZE.
 * False: not authentic, or a chunk of a size that its place does not allow;
 * then out holds nothing, and the chunk may be tried again as the other kind.
 */
bool stream_open(struct stream *s, const uint8_t *sealed, size_t n, bool last,
		 uint8_t *out);

#endif
