/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything random comes from the kernel here. Keeps no state. */
#include "common/base.h"
#include "common/random_id.h"

#include <sys/random.h>

#include <errno.h>
#include <limits.h>
#include <time.h>

#include "common/log.h"
#include "common/num.h"

enum {
	ULID_TIME_LEN = 10, /* 50 bits, of which the upper two are zero */
	ULID_RANDOM = 10,   /* octets */
	PASSWORD_RANDOM = 20,
	PASSWORD_GROUPS = 8,
	PASSWORD_GROUP_LEN = 4,
	PASSWORD_LEN = PASSWORD_GROUPS * (PASSWORD_GROUP_LEN + 1) - 1,
};

static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const char rfc4648[] = "abcdefghijklmnopqrstuvwxyz234567";

void random_bytes(void *bytes, size_t n)
{
	uint8_t *next = bytes;

	while (n) {
		ssize_t got = getrandom(next, n, 0);

		if (got < 0 && errno != EINTR)
			die_temp("random bytes: %s", strerror(errno));
		if (got > 0) {
			next += got;
			n -= (size_t)got;
		}
	}
}

/* Five octets make eight characters, the upper bits first. */
static void write_base32(const char *alphabet, const uint8_t octets[5],
			 char out[8])
{
	uint64_t bits = 0;

	for (int i = 0; i < 5; i++)
		bits = bits << 8 | octets[i];
	for (int i = 7; i >= 0; i--) {
		out[i] = alphabet[bits & 31];
		bits >>= 5;
	}
}

static uint64_t now_us(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_REALTIME, &t) < 0 || t.tv_sec < 0)
		return 0; /* a clock before 1970 still gives unique names */
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/*
 * The first ten bits behind the time say the microsecond, so that the messages
 * of one session keep their order; 70 random bits are left.
 */
void ulid_new(char ulid_r[ULID_LEN + 1])
{
	uint8_t random[ULID_RANDOM];
	uint64_t now = now_us();
	uint64_t ms = now / 1000;
	unsigned us = (unsigned)(now % 1000);

	for (int i = ULID_TIME_LEN - 1; i >= 0; i--) {
		ulid_r[i] = crockford[ms & 31];
		ms >>= 5;
	}
	random_bytes(random, sizeof(random));
	random[0] = (uint8_t)(us >> 2);
	random[1] = (uint8_t)((us & 3) << 6 | (random[1] & 0x3f));
	write_base32(crockford, random, ulid_r + ULID_TIME_LEN);
	write_base32(crockford, random + 5, ulid_r + ULID_TIME_LEN + 8);
	ulid_r[ULID_LEN] = '\0';
}

/* Counted from 1; 0: no such digit. A table, for a login reads a million. */
static const uint8_t crockford_place[UCHAR_MAX + 1] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12,
	['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16, ['G'] = 17, ['H'] = 18,
	['J'] = 19, ['K'] = 20, ['M'] = 21, ['N'] = 22, ['P'] = 23, ['Q'] = 24,
	['R'] = 25, ['S'] = 26, ['T'] = 27, ['V'] = 28, ['W'] = 29, ['X'] = 30,
	['Y'] = 31, ['Z'] = 32,
};

bool ulid_valid(const char *text, size_t n)
{
	if (n != ULID_LEN || text[0] > '7')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!crockford_place[(unsigned char)text[i]])
			return false;
	return true;
}

static unsigned crockford_value(char c)
{
	unsigned place = crockford_place[(unsigned char)c];

	if (!place)
		die_bug("not a ULID");
	return place - 1;
}

/* 26 characters of five bits are two bits more than there are: those are zero.
 */
void ulid_pack(const char *ulid, uint8_t packed_r[ULID_PACKED_SIZE])
{
	unsigned bits = 0, n_bits = 0;
	size_t at = 0;

	for (size_t i = 0; i < ULID_LEN; i++) {
		bits = bits << 5 | crockford_value(ulid[i]);
		n_bits += i == 0 ? 3 : 5;
		if (n_bits >= 8) {
			n_bits -= 8;
			packed_r[at++] = (uint8_t)(bits >> n_bits);
		}
	}
}

void ulid_unpack(const uint8_t packed[ULID_PACKED_SIZE],
		 char ulid_r[ULID_LEN + 1])
{
	unsigned bits = 0, n_bits = 2;
	size_t at = 0;

	for (size_t i = 0; i < ULID_LEN; i++) {
		if (n_bits < 5) {
			bits = bits << 8 | packed[at++];
			n_bits += 8;
		}
		n_bits -= 5;
		ulid_r[i] = crockford[bits >> n_bits & 31];
	}
	ulid_r[ULID_LEN] = '\0';
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
	return x ^ x >> 32;
}

uint64_t ulid_hash(const uint8_t packed[ULID_PACKED_SIZE], uint64_t key)
{
	return mix(mix(num_load64(packed) ^ key) ^ num_load64(packed + 8));
}

int64_t ulid_time_ms(const char *ulid)
{
	int64_t ms = 0;

	for (size_t i = 0; i < ULID_TIME_LEN; i++)
		ms = ms << 5 | crockford_value(ulid[i]);
	return ms;
}

void mailbox_id_new(char id_r[MAILBOX_ID_LEN + 1])
{
	static const char prefix[] = "mbx-";
	uint8_t random[(MAILBOX_ID_LEN - (sizeof(prefix) - 1)) / 2];

	random_bytes(random, sizeof(random));
	memcpy(id_r, prefix, sizeof(prefix) - 1);
	num_write_hex(random, sizeof(random), id_r + sizeof(prefix) - 1);
}

void mailbox_alias_new(char alias_r[MAILBOX_ALIAS_LEN + 1])
{
	uint8_t random[10];
	char text[16];

	random_bytes(random, sizeof(random));
	write_base32(rfc4648, random, text);
	write_base32(rfc4648, random + 5, text + 8);
	snprintf(alias_r, MAILBOX_ALIAS_LEN + 1, "%.*s", MAILBOX_ALIAS_LEN,
		 text);
}

void password_new(struct secret *password_r)
{
	struct secret random;
	char *out;

	secret_init(&random, PASSWORD_RANDOM);
	random_bytes(random.bytes, random.len);
	secret_init(password_r, PASSWORD_LEN);
	out = (char *)password_r->bytes;
	for (size_t i = 0; i < PASSWORD_RANDOM; i += 5) {
		char groups[2 * PASSWORD_GROUP_LEN];

		write_base32(rfc4648, random.bytes + i, groups);
		if (i > 0)
			*out++ = '-';
		memcpy(out, groups, PASSWORD_GROUP_LEN);
		out += PASSWORD_GROUP_LEN;
		*out++ = '-';
		memcpy(out, groups + PASSWORD_GROUP_LEN, PASSWORD_GROUP_LEN);
		out += PASSWORD_GROUP_LEN;
		explicit_bzero(groups, sizeof(groups));
	}
	secret_release(&random);
}
