/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading the mark. It was written by handlers and may be anything; what holds
 * is its signature alone.
 */
#include "common/base.h"
#include "store/key_mark.h"

#include <nettle/sha2.h>

#include "store/lock_file.h"

enum { MARK_VERSION = 1 };

static const char magic[4] = {'R', 'S', 'T', 'U'};

void key_mark_text(const struct buf *envelope,
		   uint8_t text_r[KEY_MARK_TEXT_SIZE])
{
	struct sha256_ctx sha;

	memcpy(text_r, "used", 4);
	sha256_init(&sha);
	sha256_update(&sha, envelope->len, (const uint8_t *)envelope->data);
	sha256_digest(&sha, SHA256_DIGEST_SIZE, text_r + 4);
}

void key_mark_encode(const uint8_t signature[SESSION_SIGNATURE_SIZE],
		     uint8_t out[KEY_MARK_SIZE])
{
	memset(out, 0, 8);
	memcpy(out, magic, sizeof(magic));
	out[4] = MARK_VERSION;
	memcpy(out + 8, signature, SESSION_SIGNATURE_SIZE);
}

bool key_mark_decode(const uint8_t *bytes, size_t n,
		     uint8_t signature_r[SESSION_SIGNATURE_SIZE])
{
	if (n != KEY_MARK_SIZE || memcmp(bytes, magic, sizeof(magic)) != 0 ||
	    bytes[4] != MARK_VERSION)
		return false;
	memcpy(signature_r, bytes + 8, SESSION_SIGNATURE_SIZE);
	return true;
}

bool key_mark_names(const struct mailbox *m,
		    const uint8_t public[SESSION_KEY_SIZE],
		    const struct buf *envelope)
{
	uint8_t bytes[KEY_MARK_SIZE], signature[SESSION_SIGNATURE_SIZE];
	uint8_t text[KEY_MARK_TEXT_SIZE];
	struct err ignored;
	size_t n = 0;

	if (lock_file_read(m, LOCK_FILE_MARK_AT, bytes, sizeof(bytes), &n,
			   &ignored) < 0 ||
	    !key_mark_decode(bytes, n, signature))
		return false;
	key_mark_text(envelope, text);
	return session_key_verify(public, text, sizeof(text), signature);
}
