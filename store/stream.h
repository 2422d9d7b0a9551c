/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STREAM, the payload of an age file: one chunk sealed or opened at a time,
 * its counter and the last-chunk flag bound into the nonce.
 */
#ifndef RESTANTE_STORE_STREAM_H
#define RESTANTE_STORE_STREAM_H

#include "store/age.h"

struct stream {
	uint8_t key[AGE_KEY_SIZE]; /* wiped by stream_release() */
	uint64_t counter;
	bool ended; /* the last chunk was seen */
};

void stream_init(struct stream *s, const uint8_t file_key[AGE_FILE_KEY_SIZE],
		 const uint8_t nonce[AGE_NONCE_SIZE]);
void stream_release(struct stream *s);

/* Seals n <= AGE_CHUNK_SIZE octets; out takes n + AGE_TAG_SIZE. */
void stream_seal(struct stream *s, const uint8_t *plain, size_t n, bool last,
		 uint8_t *out);

/*
 * Opens a sealed chunk of n octets, tag included; out takes n - AGE_TAG_SIZE.
 * False: not authentic, or a last chunk that may not be empty.
 */
bool stream_open(struct stream *s, const uint8_t *sealed, size_t n, bool last,
		 uint8_t *out);

#endif
