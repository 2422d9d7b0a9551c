/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The header of an age v1 file (c2sp.org/age), as pure functions over bytes:
 * stanzas, unpadded base64, the header MAC. Strict: what a second
 * implementation would refuse, this one refuses.
 */
#ifndef RESTANTE_STORE_SEAL_AGE_H
#define RESTANTE_STORE_SEAL_AGE_H

#include "common/base.h"

struct buf;

enum {
	AGE_FILE_KEY_SIZE = 16,
	AGE_KEY_SIZE = 32,   /* X25519, HKDF, ChaCha20-Poly1305 */
	AGE_NONCE_SIZE = 16, /* payload nonce behind the header */
	AGE_TAG_SIZE = 16,
	AGE_CHUNK_SIZE = 64 * 1024, /* plaintext of every chunk but the last */
	AGE_HEADER_MAX = 64 * 1024, /* longer headers are refused */
	AGE_STANZA_ARGS = 8,
	AGE_WRAPPED_SIZE = AGE_FILE_KEY_SIZE + AGE_TAG_SIZE,
};

/* One recipient stanza; borrowed pieces of the header's bytes. */
struct age_stanza {
	const char *args[AGE_STANZA_ARGS]; /* args[0] is the type */
	size_t arg_len[AGE_STANZA_ARGS];
	size_t n_args; /* as written; those beyond AGE_STANZA_ARGS are lost */
	const char *body; /* base64 lines, without the "-> " line and last LF */
	size_t body_len;
};

struct age_header {
	size_t length;	   /* octets of the header, its last LF included */
	size_t mac_covers; /* octets that the MAC is over */
	uint8_t mac[32];
	const char *stanzas; /* first "-> " line, for age_stanza_next() */
	size_t stanzas_len;
};

enum age_parse { AGE_PARSE_OK, AGE_PARSE_BAD, AGE_PARSE_MORE };

/* Reads the header at the start of bytes. MORE: it does not end within n. */
enum age_parse age_header_parse(const uint8_t *bytes, size_t n,
				struct age_header *header_r);

/* Walks the stanzas of a parsed header; *rest starts as header->stanzas. */
bool age_stanza_next(const char **rest, const char *end,
		     struct age_stanza *stanza_r);

/* The octets of a payload (nonce and chunks) of n plaintext octets. */
uint64_t age_payload_size(uint64_t plaintext);
/* The reverse. False: no plaintext has a payload of that size. */
bool age_payload_plaintext(uint64_t payload, uint64_t *plaintext_r);

/* Unpadded canonical base64. Decode: exactly n_out octets or false. */
bool age_base64_decode(const char *text, size_t n, uint8_t *out, size_t n_out);
bool age_base64_add(struct buf *out, const uint8_t *bytes, size_t n);

/* HKDF-SHA-256 (RFC 5869), 32 octets out. */
void age_hkdf(const uint8_t *key, size_t n_key, const uint8_t *salt,
	      size_t n_salt, const char *info, uint8_t out[AGE_KEY_SIZE]);

/* The header MAC over n octets under a file key. */
void age_header_mac(const uint8_t file_key[AGE_FILE_KEY_SIZE],
		    const uint8_t *header, size_t n, uint8_t mac[32]);

/* The file key under a wrap key that is used this once: a stanza's body. */
void age_wrap(const uint8_t wrap_key[AGE_KEY_SIZE],
	      const uint8_t file_key[AGE_FILE_KEY_SIZE],
	      uint8_t body[AGE_WRAPPED_SIZE]);

/*
 * The wrap key of an X25519 stanza. False: the shared secret is all zero, so
 * share or public is a point of low order, and nothing may be wrapped.
 */
bool age_x25519_wrap_key(const uint8_t shared[AGE_KEY_SIZE],
			 const uint8_t share[AGE_KEY_SIZE],
			 const uint8_t public[AGE_KEY_SIZE],
			 uint8_t out[AGE_KEY_SIZE]);

#endif
