/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host's key: Ed25519, made once, in a file that only its user reads. It
 * signs checkpoints and nothing else; the name it was made under is frozen.
 * What logins announce to (store/announce.h) is a key of its own, made of the
 * same seed by HKDF-SHA-256, "restante ledger exchange 1".
 */
#ifndef RESTANTE_HANDLERS_LEDGER_KEY_H
#define RESTANTE_HANDLERS_LEDGER_KEY_H

#include "common/err.h"
#include "common/secret.h"
#include "store/announce.h"
#include "store/ledger/note.h"

struct ledger_key {
	char name[NOTE_NAME_MAX + 1]; /* what origins begin with */
	struct secret seed;
	uint8_t public[NOTE_PUBLIC_SIZE];
};

/*
 * Reads `key` in that directory; where there is none, makes it under that name,
 * durably. Release it in any case.
 */
int ledger_key_load(int dir, const char *name, struct ledger_key *k_r,
		    struct err *e) MUST_USE;
void ledger_key_release(struct ledger_key *k);

/* A checkpoint as a signed note, in place of what was in out. */
int ledger_key_sign(const struct ledger_key *k, const struct checkpoint *c,
		    struct buf *out, struct err *e) MUST_USE;

/* The public half of the key that logins announce to. */
void ledger_key_exchange(const struct ledger_key *k,
			 uint8_t public_r[AGE_KEY_SIZE]);

/* Whether the holder of the mailbox of that public key announced it. */
bool ledger_key_proves(const struct ledger_key *k,
		       const uint8_t mailbox[AGE_KEY_SIZE],
		       const struct entry_announced *a);

/* The public half under the name of an origin. */
struct note_key ledger_key_of(const struct ledger_key *k, const char *origin);

#endif
