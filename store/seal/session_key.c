/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who looks whether a mailbox's holder has signed. Holds no secret. */
#include "common/base.h"
#include "store/seal/session_key.h"

#include <nettle/eddsa.h>

#include "common/num.h"

bool session_key_verify(const uint8_t public[SESSION_KEY_SIZE],
			const void *bytes, size_t n,
			const uint8_t signature[SESSION_SIGNATURE_SIZE])
{
	return ed25519_sha512_verify(public, n, bytes, signature) == 1;
}

bool session_key_parse(const char *hex, uint8_t public_r[SESSION_KEY_SIZE])
{
	return num_parse_hex(hex, strlen(hex), public_r, SESSION_KEY_SIZE);
}
