/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mark "password used" in a mailbox's lock file: the session key's
 * signature over "used" and the SHA-256 of the envelope that opened. Handlers
 * may not write keys, so a login with a new password leaves it, and the
 * administrator's programs move identity.age.next by it. Only who has opened
 * that very envelope can make it: it holds for no other file, and no copy,
 * change of rights or other disk makes it hold less. Nobody wipes it.
 */
#ifndef RESTANTE_STORE_KEY_MARK_H
#define RESTANTE_STORE_KEY_MARK_H

#include "store/mailbox_private.h"
#include "store/seal/session_key.h"

enum {
	KEY_MARK_SIZE = 8 + SESSION_SIGNATURE_SIZE,
	KEY_MARK_TEXT_SIZE = 4 + 32,
};

/* What is signed. */
void key_mark_text(const struct buf *envelope,
		   uint8_t text_r[KEY_MARK_TEXT_SIZE]);

/* The record. Decoding: false where it is none; it says nothing yet. */
void key_mark_encode(const uint8_t signature[SESSION_SIGNATURE_SIZE],
		     uint8_t out[KEY_MARK_SIZE]);
bool key_mark_decode(const uint8_t *bytes, size_t n,
		     uint8_t signature_r[SESSION_SIGNATURE_SIZE]);

/* Whether the mark in `lock` names this envelope. */
bool key_mark_names(const struct mailbox *m,
		    const uint8_t public[SESSION_KEY_SIZE],
		    const struct buf *envelope);

#endif
