/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The session key of a mailbox (Ed25519, RFC 8032): it follows from the
 * mailbox's private key, so that only who has opened that can sign with it.
 * Its public half stands in mailbox.conf as 64 hexadecimal digits.
 *
 *	seed = HKDF-SHA-256(private key, no salt, "restante session 1")
 *
 * Whoever reads what was signed needs session_key.c alone; what signs is part
 * of the half that opens messages (session_sign.c).
 */
#ifndef RESTANTE_STORE_SEAL_SESSION_KEY_H
#define RESTANTE_STORE_SEAL_SESSION_KEY_H

#include "common/secret.h"

enum {
	SESSION_KEY_SIZE = 32, /* the public half */
	SESSION_SIGNATURE_SIZE = 64,
};

/* --- session_key.c: looks ------------------------------------------------- */

/* Whether the holder of the key signed exactly these n octets. */
bool session_key_verify(const uint8_t public[SESSION_KEY_SIZE],
			const void *bytes, size_t n,
			const uint8_t signature[SESSION_SIGNATURE_SIZE]);

/* The value in mailbox.conf. False: there is none. */
bool session_key_parse(const char *hex, uint8_t public_r[SESSION_KEY_SIZE]);

/* --- session_sign.c: signs ------------------------------------------------ */

/* private_key begins with the mailbox's own key, 32 octets (X25519). */
void session_key_public(const struct secret *private_key,
			uint8_t public_r[SESSION_KEY_SIZE]);
void session_key_sign(const struct secret *private_key, const void *bytes,
		      size_t n, uint8_t signature_r[SESSION_SIGNATURE_SIZE]);

#endif
