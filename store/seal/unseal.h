/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading age files with a private key or a passphrase, chunk by chunk. Not
 * linked by the programs that receive (tests/link.sh proves it).
 */
#ifndef RESTANTE_STORE_SEAL_UNSEAL_H
#define RESTANTE_STORE_SEAL_UNSEAL_H

#include "common/err.h"
#include "common/secret.h"
#include "store/seal/age.h"

enum { UNSEAL_SCRYPT_LOG_N_MAX = 22 }; /* as the age program: more is refused */

/* What opens a file: one of the two is set. */
struct unseal_key {
	const struct secret
		*private_key; /* X25519, 32 octets each of several */
	const struct secret *passphrase;
};

struct unsealer;

/* Where sealed bytes come from: as read(2), 0 at the end. */
struct source {
	ssize_t (*pull)(void *from, uint8_t *bytes, size_t n);
	void *from;
};

/*
 * Reads the header and unwraps the file key. ERR_PASSWORD: no stanza opens
 * with this key (the vectors' "no match"); ERR_DAMAGED: not an age file, a
 * wrong header MAC, or cut short; ERR_TEMP: the source failed.
 */
struct unsealer *unsealer_new(const struct unseal_key *key,
			      const struct source *source, struct err *e);

/*
 * Lends the next authentic plaintext; *n_r == 0 at the proper end of the file.
 * ERR_DAMAGED otherwise. Nothing unauthentic is ever lent.
 */
int unsealer_next(struct unsealer *u, const uint8_t **bytes_r, size_t *n_r,
		  struct err *e);

/* Octets of the header. */
size_t unsealer_header_size(const struct unsealer *u);

/* Wipes and frees; sets *u to NULL. */
void unsealer_free(struct unsealer **u);

/* A source over a file descriptor; from points at the int. */
ssize_t source_pull_fd(void *from, uint8_t *bytes, size_t n);

#endif
