/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random bytes and the identifiers made of them: ULIDs (time-ordered names
 * of messages), mailbox ids, mailbox passwords.
 */
#ifndef RESTANTE_COMMON_RANDOM_ID_H
#define RESTANTE_COMMON_RANDOM_ID_H

#include "common/mailbox_id.h"
#include "common/secret.h"

enum {
	ULID_LEN = 26, /* Crockford base32, upper case */
	ULID_PACKED_SIZE = 16,
};

/* Fills from getrandom(2); dies with a temporary failure where it cannot. */
void random_bytes(void *bytes, size_t n);

/*
 * A new ULID for the time now (milliseconds since 1970), with its NUL. Those of
 * one process sort as they were made, unless within one microsecond.
 */
void ulid_new(char ulid_r[ULID_LEN + 1]);

/* Exactly ULID_LEN characters of the alphabet, the first at most '7'. */
bool ulid_valid(const char *text, size_t n);

/* Milliseconds since 1970 that a valid ULID carries. */
int64_t ulid_time_ms(const char *ulid);

/* A valid ULID as its 128 bits, which sort like it, and back. */
void ulid_pack(const char *ulid, uint8_t packed_r[ULID_PACKED_SIZE]);
void ulid_unpack(const uint8_t packed[ULID_PACKED_SIZE],
		 char ulid_r[ULID_LEN + 1]);

/*
 * For tables of them: every bit reaches the lowest ones, which find a place.
 * Whoever chooses ULIDs must not choose places, so the key is chance.
 */
uint64_t ulid_hash(const uint8_t packed[ULID_PACKED_SIZE], uint64_t key);

/* A new random "mbx-…". */
void mailbox_id_new(char id_r[MAILBOX_ID_LEN + 1]);

/* A new random alias of a mailbox, 50 bits. */
void mailbox_alias_new(char alias_r[MAILBOX_ALIAS_LEN + 1]);

/*
 * A new mailbox password of 160 bits: eight groups of four characters of
 * a-z2-7, joined by "-". A person can type it, and no shell minds it.
 */
void password_new(struct secret *password_r);

#endif
