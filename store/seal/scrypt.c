/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one use of libsodium. Never keeps memory: the region that scrypt works
 * in is mapped by the library for one call and unmapped at its end.
 */
#include "common/base.h"
#include "store/seal/scrypt.h"

#include <sodium.h>

#include "common/random_id.h"
#include "store/seal/unseal.h"

static const char label[] = "age-encryption.org/v1/scrypt";

enum { BLOCK_SIZE = 8, PARALLEL = 1 }; /* r and p, fixed by the format */

int scrypt_wrap_key(const struct secret *passphrase,
		    const uint8_t salt[SCRYPT_SALT_SIZE], unsigned log_n,
		    uint8_t out[AGE_KEY_SIZE], struct err *e)
{
	static const uint8_t empty[1];
	uint8_t labelled[sizeof(label) - 1 + SCRYPT_SALT_SIZE];
	int failed;

	if (log_n < 1 || log_n > UNSEAL_SCRYPT_LOG_N_MAX)
		return err_set(e, ERR_CONFIG, "scrypt work factor 2^%u", log_n);
	/* It finds out what the processor can do: without it half the speed. */
	if (sodium_init() < 0)
		return err_set(e, ERR_TEMP, "libsodium does not start");
	memcpy(labelled, label, sizeof(label) - 1);
	memcpy(labelled + sizeof(label) - 1, salt, SCRYPT_SALT_SIZE);
	failed = crypto_pwhash_scryptsalsa208sha256_ll(
		passphrase->bytes ? passphrase->bytes : empty, passphrase->len,
		labelled, sizeof(labelled), UINT64_C(1) << log_n, BLOCK_SIZE,
		PARALLEL, out, AGE_KEY_SIZE);
	secret_wipe_stack();
	if (failed)
		return err_sys(e, "scrypt with work factor 2^%u", log_n);
	return 0;
}

static bool stanza_write(const uint8_t salt[SCRYPT_SALT_SIZE], unsigned log_n,
			 const uint8_t body[AGE_WRAPPED_SIZE], struct buf *out)
{
	return buf_adds(out, "-> scrypt ") &&
	       age_base64_add(out, salt, SCRYPT_SALT_SIZE) &&
	       buf_addf(out, " %u\n", log_n) &&
	       age_base64_add(out, body, AGE_WRAPPED_SIZE) &&
	       buf_adds(out, "\n");
}

int scrypt_stanza(const struct secret *passphrase, unsigned log_n,
		  const uint8_t file_key[AGE_FILE_KEY_SIZE],
		  struct buf *stanzas, struct err *e)
{
	uint8_t salt[SCRYPT_SALT_SIZE], body[AGE_WRAPPED_SIZE];
	uint8_t wrap_key[AGE_KEY_SIZE];

	random_bytes(salt, sizeof(salt));
	if (scrypt_wrap_key(passphrase, salt, log_n, wrap_key, e) < 0)
		return -1;
	age_wrap(wrap_key, file_key, body);
	explicit_bzero(wrap_key, sizeof(wrap_key));
	if (!stanza_write(salt, log_n, body, stanzas))
		return err_set(e, ERR_TEMP, "no room for the scrypt stanza");
	return 0;
}
