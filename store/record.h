/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The records of the index and of the lock file as bytes: little-endian,
 * versioned, checksummed where no database guards them. Pure functions.
 */
#ifndef RESTANTE_STORE_RECORD_H
#define RESTANTE_STORE_RECORD_H

#include "store/lock_file.h"
#include "store/mailbox_private.h"
#include "store/name.h"

/* One message in the index; its key is RECORD_KEY_MESSAGE and the ULID. */
struct message_record {
	uint64_t sequence; /* order of arrival; the order of a listing */
	uint64_t octets;
	unsigned flags;
};

enum {
	RECORD_KEY_MESSAGE = 'm',
	RECORD_KEY_ACTIVITY = 'a',
	RECORD_KEY_SEQUENCE = 's', /* the next sequence number, alone */
	RECORD_MESSAGE_KEY_SIZE = 1 + ULID_LEN,
	RECORD_MESSAGE_SIZE = 18,
	RECORD_ACTIVITY_KEY_SIZE = 1 + 8 + 8,
	RECORD_ACTIVITY_MAX = 512,
	RECORD_MARKER_SIZE = 80,
	RECORD_NEXT_SIZE = 48,
};

void record_message_encode(const struct message_record *r,
			   uint8_t out[RECORD_MESSAGE_SIZE]);
bool record_message_decode(const uint8_t *bytes, size_t n,
			   struct message_record *r_r);

/* Big-endian time first, so that the key's order is the order of time. */
void record_activity_key(int64_t when, uint64_t nonce,
			 uint8_t out[RECORD_ACTIVITY_KEY_SIZE]);
int64_t record_activity_when(const uint8_t key[RECORD_ACTIVITY_KEY_SIZE]);

/* "program TAB peer TAB outcome TAB messages TAB octets". Returns its length.
 */
size_t record_activity_encode(const struct activity *a,
			      char out[RECORD_ACTIVITY_MAX]);
/* All but the time, which is in the key. False: not such a line. */
bool record_activity_decode(const char *text, size_t n,
			    struct activity_line *line_r);

void record_marker_encode(const struct marker *m,
			  uint8_t out[RECORD_MARKER_SIZE]);
/* Anything that is not a whole marker gives one with valid = false. */
void record_marker_decode(const uint8_t *bytes, size_t n, struct marker *m_r);

/* FNV-1a, 64 bit: finds torn and never-written records, no attacker. */
uint64_t record_checksum(const uint8_t *bytes, size_t n);

#endif
