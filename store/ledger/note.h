/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checkpoints as signed notes: c2sp.org/signed-note and
 * c2sp.org/tlog-checkpoint with an Ed25519 key (RFC 8032). The name of the key
 * is the log's origin, and there are no lines of extension. What reads may be
 * given anything; what signs is elsewhere.
 */
#ifndef RESTANTE_STORE_LEDGER_NOTE_H
#define RESTANTE_STORE_LEDGER_NOTE_H

#include "common/buf.h"
#include "common/digest.h"

enum {
	NOTE_NAME_MAX = 320,
	NOTE_MAX = 2048, /* octets of a whole one that is ours */
	NOTE_PUBLIC_SIZE = 32,
	NOTE_SIGNATURE_SIZE = 64,
};

struct note_key {
	char name[NOTE_NAME_MAX + 1];
	uint8_t public[NOTE_PUBLIC_SIZE];
};

/* No space, no "+", nothing but %x21-7E. */
bool note_name_valid(const char *name);

/*
 * Whether an origin, "NAME/mbx-…/<ULID>" or "NAME/host/<ULID>", is of the
 * ledger that is called so.
 */
bool note_name_is_of(const char *origin, const char *ledger);

/* "<name>+<8 digits of its id>+<base64>", without an LF. */
bool note_key_write(const struct note_key *k, struct buf *out) MUST_USE;
/* The same, an LF at its end allowed. */
bool note_key_parse(const char *text, size_t n, struct note_key *k_r) MUST_USE;

struct checkpoint {
	char origin[NOTE_NAME_MAX + 1];
	uint64_t size;
	uint8_t root[DIGEST_SIZE];
};

/* The text that is signed: three lines. */
bool checkpoint_write(const struct checkpoint *c, struct buf *out) MUST_USE;

/* Puts the line of that signature behind the text, and makes it a note. */
bool note_add_signature(const struct note_key *k,
			const uint8_t signature[NOTE_SIGNATURE_SIZE],
			struct buf *out) MUST_USE;

/* A note taken apart; nothing is believed of it yet. */
struct note {
	struct checkpoint checkpoint;
	size_t text; /* octets that are signed, from the beginning on */
	uint8_t signature[NOTE_SIGNATURE_SIZE];
};

/*
 * Whether it is a checkpoint of k's name with a good signature of k's; lines of
 * other keys are passed over.
 */
bool note_open(const char *bytes, size_t n, const struct note_key *k,
	       struct note *note_r) MUST_USE;

#endif
