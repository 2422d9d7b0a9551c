/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stanzas, decoded and tried. All of them are judged before the first is
 * tried, so that a header is sound or not whichever key comes along. Never
 * tells which stanza did not fit.
 */
#include "common/base.h"
#include "store/seal/unwrap.h"

#include <nettle/chacha-poly1305.h>
#include <nettle/memops.h>

#include "common/num.h"
#include "store/seal/scrypt.h"
#include "store/seal/x25519.h"

enum stanza_type { STANZA_OTHER, STANZA_X25519, STANZA_SCRYPT };

/* A stanza of a type that we open, its arguments and body decoded. */
struct stanza {
	enum stanza_type type;
	uint8_t share[AGE_KEY_SIZE];	/* X25519 */
	uint8_t salt[SCRYPT_SALT_SIZE]; /* scrypt */
	unsigned log_n;			/* scrypt */
	uint8_t body[AGE_WRAPPED_SIZE];
};

/* Whether a stanza opened; -1 is a failure with its err. */
enum { UNWRAP_NO = 0, UNWRAP_YES = 1 };

static bool has_type(const struct age_stanza *raw, const char *type)
{
	return raw->arg_len[0] == strlen(type) &&
	       !memcmp(raw->args[0], type, raw->arg_len[0]);
}

static bool decode_arg(const struct age_stanza *raw, size_t i, uint8_t *out,
		       size_t n_out)
{
	return age_base64_decode(raw->args[i], raw->arg_len[i], out, n_out);
}

/* Decimal without leading zeroes, and no more than we are ready to spend. */
static bool decode_log_n(const struct age_stanza *raw, size_t i,
			 unsigned *log_n_r)
{
	uint64_t value;

	if (raw->args[i][0] == '0' ||
	    !num_parse(raw->args[i], raw->arg_len[i], UNSEAL_SCRYPT_LOG_N_MAX,
		       &value))
		return false;
	*log_n_r = (unsigned)value;
	return true;
}

static bool decode_args(const struct age_stanza *raw, struct stanza *s_r)
{
	switch (s_r->type) {
	case STANZA_X25519:
		return raw->n_args == 2 &&
		       decode_arg(raw, 1, s_r->share, sizeof(s_r->share));
	case STANZA_SCRYPT:
		return raw->n_args == 3 &&
		       decode_arg(raw, 1, s_r->salt, sizeof(s_r->salt)) &&
		       decode_log_n(raw, 2, &s_r->log_n);
	case STANZA_OTHER:
		break;
	}
	return true;
}

/* False: of a type that we open, but not as the format has it. */
static bool stanza_decode(const struct age_stanza *raw, struct stanza *s_r)
{
	*s_r = (struct stanza){.type = has_type(raw, "X25519") ? STANZA_X25519
				       : has_type(raw, "scrypt")
					       ? STANZA_SCRYPT
					       : STANZA_OTHER};
	if (s_r->type == STANZA_OTHER)
		return true;
	/* A body of another size might be made to open under several keys. */
	return decode_args(raw, s_r) &&
	       age_base64_decode(raw->body, raw->body_len, s_r->body,
				 sizeof(s_r->body));
}

static bool stanzas_sound(const struct age_header *h)
{
	const char *rest = h->stanzas, *end = h->stanzas + h->stanzas_len;
	struct age_stanza raw;
	struct stanza s;
	bool any_scrypt = false;
	size_t n = 0;

	for (; age_stanza_next(&rest, end, &raw); n++) {
		if (!stanza_decode(&raw, &s))
			return false;
		any_scrypt |= s.type == STANZA_SCRYPT;
	}
	/* With company it would say nothing about who sealed the file. */
	return !any_scrypt || n == 1;
}

static int body_open(const uint8_t wrap_key[AGE_KEY_SIZE],
		     const uint8_t body[AGE_WRAPPED_SIZE],
		     uint8_t file_key_r[AGE_FILE_KEY_SIZE])
{
	static const uint8_t nonce[CHACHA_POLY1305_NONCE_SIZE];
	struct chacha_poly1305_ctx aead;
	uint8_t tag[AGE_TAG_SIZE];

	chacha_poly1305_set_key(&aead, wrap_key);
	chacha_poly1305_set_nonce(&aead, nonce);
	chacha_poly1305_decrypt(&aead, AGE_FILE_KEY_SIZE, file_key_r, body);
	chacha_poly1305_digest(&aead, sizeof(tag), tag);
	explicit_bzero(&aead, sizeof(aead));
	if (memeql_sec(tag, body + AGE_FILE_KEY_SIZE, sizeof(tag)))
		return UNWRAP_YES;
	memset(file_key_r, 0, AGE_FILE_KEY_SIZE);
	return UNWRAP_NO;
}

static int x25519_open_one(const uint8_t *private_key, const struct stanza *s,
			   uint8_t file_key_r[AGE_FILE_KEY_SIZE], struct err *e)
{
	uint8_t public[AGE_KEY_SIZE];
	struct {
		uint8_t shared[AGE_KEY_SIZE];
		uint8_t wrap_key[AGE_KEY_SIZE];
	} keys;
	int opened;

	x25519_public(public, private_key);
	x25519_shared(keys.shared, private_key, s->share);
	if (age_x25519_wrap_key(keys.shared, s->share, public, keys.wrap_key))
		opened = body_open(keys.wrap_key, s->body, file_key_r);
	else
		opened = err_set(e, ERR_DAMAGED,
				 "the header has a share of low order");
	explicit_bzero(&keys, sizeof(keys));
	return opened;
}

/* Which of the keys it was is not told. */
static int x25519_open(const struct secret *private_key, const struct stanza *s,
		       uint8_t file_key_r[AGE_FILE_KEY_SIZE], struct err *e)
{
	int opened = UNWRAP_NO;

	for (size_t at = 0;
	     opened == UNWRAP_NO && at + AGE_KEY_SIZE <= private_key->len;
	     at += AGE_KEY_SIZE)
		opened = x25519_open_one(private_key->bytes + at, s, file_key_r,
					 e);
	return opened;
}

static int scrypt_open(const struct secret *passphrase, const struct stanza *s,
		       uint8_t file_key_r[AGE_FILE_KEY_SIZE], struct err *e)
{
	uint8_t wrap_key[AGE_KEY_SIZE];
	int opened;

	if (scrypt_wrap_key(passphrase, s->salt, s->log_n, wrap_key, e) < 0)
		return -1;
	opened = body_open(wrap_key, s->body, file_key_r);
	explicit_bzero(wrap_key, sizeof(wrap_key));
	return opened;
}

static int stanza_open(const struct unseal_key *key, const struct stanza *s,
		       uint8_t file_key_r[AGE_FILE_KEY_SIZE], struct err *e)
{
	if (s->type == STANZA_X25519 && key->private_key)
		return x25519_open(key->private_key, s, file_key_r, e);
	if (s->type == STANZA_SCRYPT && key->passphrase)
		return scrypt_open(key->passphrase, s, file_key_r, e);
	return UNWRAP_NO;
}

int unwrap_file_key(const struct unseal_key *key,
		    const struct age_header *header,
		    uint8_t file_key_r[AGE_FILE_KEY_SIZE], struct err *e)
{
	const char *rest = header->stanzas, *end = rest + header->stanzas_len;
	struct age_stanza raw;
	struct stanza s;
	int opened = UNWRAP_NO;

	memset(file_key_r, 0, AGE_FILE_KEY_SIZE);
	if (!stanzas_sound(header))
		return err_set(e, ERR_DAMAGED, "the header has a bad stanza");
	while (opened == UNWRAP_NO && age_stanza_next(&rest, end, &raw) &&
	       stanza_decode(&raw, &s))
		opened = stanza_open(key, &s, file_key_r, e);
	if (opened == UNWRAP_NO)
		return err_set(e, ERR_PASSWORD, "no stanza opens with it");
	return opened == UNWRAP_YES ? 0 : -1;
}
