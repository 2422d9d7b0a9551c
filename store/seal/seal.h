/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing age files: to X25519 recipients here, to a passphrase in
 * identity.c. Plaintext is pushed, sealed bytes come out at a sink; memory
 * does not grow with the message. Holds no private key and opens nothing.
 */
#ifndef RESTANTE_STORE_SEAL_SEAL_H
#define RESTANTE_STORE_SEAL_SEAL_H

#include "common/err.h"
#include "common/sink.h"
#include "store/seal/age.h"

struct sealer;

/* "age1…" (Bech32, lower case) to a public key, and back. */
bool age_recipient_parse(const char *text, uint8_t public_r[AGE_KEY_SIZE]);
bool age_recipient_write(const uint8_t public[AGE_KEY_SIZE], struct buf *out);

/*
 * Writes the header for n recipients ("age1…" each) into the sink and starts
 * the payload. The sink is copied. NULL and e where a recipient is not one or
 * the sink failed.
 */
struct sealer *sealer_new(char *const *recipients, size_t n,
			  const struct sink *sink, struct err *e);

/*
 * The same for a header made elsewhere (an scrypt stanza): stanzas are the
 * complete "-> …" lines that wrap file_key.
 */
struct sealer *sealer_new_with(const uint8_t file_key[AGE_FILE_KEY_SIZE],
			       const struct buf *stanzas,
			       const struct sink *sink, struct err *e);

/* 0, or -1: the sink failed. */
int sealer_write(struct sealer *s, const uint8_t *bytes, size_t n);

/* Seals the last chunk. 0, or -1: the sink failed. */
int sealer_end(struct sealer *s);

/* Octets of the header written, and of plaintext taken so far. */
size_t sealer_header_size(const struct sealer *s);
uint64_t sealer_plaintext(const struct sealer *s);

/* Wipes and frees; sets *s to NULL. */
void sealer_free(struct sealer **s);

#endif
