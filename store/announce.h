/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mailbox of before has no session key in mailbox.conf, which no handler can
 * write. Its next login tells the ledger which one it is, so that only who has
 * opened the mailbox can have said it, and only the ledger can tell:
 *
 *	key = HKDF-SHA-256(X25519(mailbox's key, ledger's key),
 *			   ledger's public key | mailbox's public key,
 *			   "restante announce 1")
 *	mac = HMAC-SHA-256(key, the line "announced" before " mac=")
 *
 * Where the ledger waits for that, announce/<id> in its place says so:
 *
 *	announce to=	64 hexadecimal digits, its public key
 */
#ifndef RESTANTE_STORE_ANNOUNCE_H
#define RESTANTE_STORE_ANNOUNCE_H

#include "store/seal/age.h"
#include "store/ledger/entry.h"

#define ANNOUNCE_DIRECTORY "announce"

/* Both ends of the exchange; each has one private half. */
struct announce_ends {
	uint8_t ledger[AGE_KEY_SIZE];
	uint8_t mailbox[AGE_KEY_SIZE];
};

/*
 * By either end: its private half, and which of the two is the other's. False:
 * that is no key to be used.
 */
bool announce_mac(const uint8_t private_key[AGE_KEY_SIZE],
		  const uint8_t others[AGE_KEY_SIZE],
		  const struct announce_ends *ends,
		  const struct entry_announced *a,
		  uint8_t mac_r[DIGEST_SIZE]) MUST_USE;

bool announce_same(const uint8_t a[DIGEST_SIZE], const uint8_t b[DIGEST_SIZE]);

/* The file. */
bool announce_write(const uint8_t ledger[AGE_KEY_SIZE],
		    struct buf *out) MUST_USE;
bool announce_parse(const char *text, size_t n,
		    uint8_t ledger_r[AGE_KEY_SIZE]) MUST_USE;

/* Whether the ledger there waits for that mailbox to say it. */
bool announce_is_wanted(const char *ledger, const char *id,
			uint8_t ledger_r[AGE_KEY_SIZE]) MUST_USE;

#endif
