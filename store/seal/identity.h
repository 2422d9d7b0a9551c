/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mailbox's private keys: made, sealed under a password, opened with it.
 * identity.age is an age file with one scrypt stanza that holds one
 * "AGE-SECRET-KEY-1…" line for each key; the password is the passphrase byte
 * for byte. There is more than one where the mailbox got a new key: what was
 * sealed before opens with the old one.
 *
 * Keys are handled as one secret of 32 octets each, the mailbox's own first.
 */
#ifndef RESTANTE_STORE_SEAL_IDENTITY_H
#define RESTANTE_STORE_SEAL_IDENTITY_H

#include "common/buf.h"
#include "common/err.h"
#include "common/secret.h"

/* A new X25519 key pair; recipient_r gets "age1…". */
void identity_new(struct secret *private_r, struct buf *recipient_r);

enum { IDENTITY_KEYS_MAX = 64 };

/* The "age1…" of the first key. */
void identity_recipient(const struct secret *private_key,
			struct buf *recipient_r);

/*
 * Puts the key of that recipient before the others. False: it is none of them.
 */
bool identity_put_first(struct secret *keys, const char *recipient) MUST_USE;

/* Makes a new key that comes before those. -1: there are too many. */
int identity_put_new(struct secret *keys, struct err *e) MUST_USE;

/*
 * Seals the keys under password with work factor 2^log_n into file_r, the whole
 * identity.age; the same to n recovery recipients for identity.recovery.age.
 */
int identity_seal(const struct secret *private_key,
		  const struct secret *password, unsigned log_n,
		  struct buf *file_r, struct err *e);
int identity_seal_to(const struct secret *private_key, char *const *recipients,
		     size_t n, struct buf *file_r, struct err *e);

/*
 * Opens a whole identity file with a password, respectively with one of the
 * keys of a recovery identity. ERR_PASSWORD, ERR_DAMAGED.
 */
int identity_open(const struct buf *file, const struct secret *password,
		  struct secret *private_r, struct err *e);
int identity_open_with(const struct buf *file, const struct secret *recovery,
		       struct secret *private_r, struct err *e);

/*
 * Reads a key file as age-keygen writes it: comments and one or more
 * "AGE-SECRET-KEY-1…" lines, in their order.
 */
int identity_parse(const char *text, size_t n, struct secret *private_r,
		   struct err *e);

/* Spends what identity_open() would spend, and fails as it does. */
void identity_spend(const struct secret *password, unsigned log_n);

#endif
