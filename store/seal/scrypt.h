/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scrypt recipient of age: a passphrase in place of a key pair. Only
 * programs that unseal link it, and libsodium with it.
 */
#ifndef RESTANTE_STORE_SEAL_SCRYPT_H
#define RESTANTE_STORE_SEAL_SCRYPT_H

#include "common/buf.h"
#include "common/err.h"
#include "common/secret.h"
#include "store/seal/age.h"

enum { SCRYPT_SALT_SIZE = 16 };

/*
 * The wrap key of a passphrase with work factor 2^log_n, 1 to
 * UNSEAL_SCRYPT_LOG_N_MAX. Takes 2^log_n KiB and has given them back to the
 * system when it returns. -1: e says that they were not to be had.
 */
int scrypt_wrap_key(const struct secret *passphrase,
		    const uint8_t salt[SCRYPT_SALT_SIZE], unsigned log_n,
		    uint8_t out[AGE_KEY_SIZE], struct err *e);

/* Appends the stanza that wraps file_key under a passphrase. 0, or -1 and e. */
int scrypt_stanza(const struct secret *passphrase, unsigned log_n,
		  const uint8_t file_key[AGE_FILE_KEY_SIZE],
		  struct buf *stanzas, struct err *e);

#endif
