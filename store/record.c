/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records as bytes. Never touches a file. */
#include "common/base.h"
#include "store/record.h"

#include "common/num.h"

enum { MESSAGE_VERSION = 1, MARKER_VERSION = 1 };

static const char marker_magic[4] = {'R', 'S', 'T', 'M'};

uint64_t record_checksum(const uint8_t *bytes, size_t n)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}

void record_message_encode(const struct message_record *r,
			   uint8_t out[RECORD_MESSAGE_SIZE])
{
	out[0] = MESSAGE_VERSION;
	out[1] = (uint8_t)r->flags;
	num_store64(out + 2, r->sequence);
	num_store64(out + 10, r->octets);
}

bool record_message_decode(const uint8_t *bytes, size_t n,
			   struct message_record *r_r)
{
	if (n != RECORD_MESSAGE_SIZE || bytes[0] != MESSAGE_VERSION)
		return false;
	r_r->flags = bytes[1];
	r_r->sequence = num_load64(bytes + 2);
	r_r->octets = num_load64(bytes + 10);
	return true;
}

static void store_big_endian(uint8_t *p, uint64_t v)
{
	for (size_t i = 8; i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
}

void record_activity_key(int64_t when, uint64_t nonce,
			 uint8_t out[RECORD_ACTIVITY_KEY_SIZE])
{
	out[0] = RECORD_KEY_ACTIVITY;
	store_big_endian(out + 1, (uint64_t)when);
	store_big_endian(out + 9, nonce);
}

int64_t record_activity_when(const uint8_t key[RECORD_ACTIVITY_KEY_SIZE])
{
	uint64_t when = 0;

	for (size_t i = 0; i < 8; i++)
		when = when << 8 | key[1 + i];
	return (int64_t)when;
}

size_t record_activity_encode(const struct activity *a,
			      char out[RECORD_ACTIVITY_MAX])
{
	int n = snprintf(out, RECORD_ACTIVITY_MAX, "%s\t%s\t%s\t%llu\t%llu",
			 a->program, a->peer, a->outcome,
			 (unsigned long long)a->messages,
			 (unsigned long long)a->octets);

	return n < RECORD_ACTIVITY_MAX ? (size_t)n : RECORD_ACTIVITY_MAX - 1;
}

/* The next field up to a TAB or the end; NULL where there is none. */
static const char *next_field(const char **at, const char *end, size_t *n_r)
{
	const char *field = *at, *tab;

	if (!field)
		return NULL;
	tab = memchr(field, '\t', (size_t)(end - field));
	*n_r = (size_t)((tab ? tab : end) - field);
	*at = tab ? tab + 1 : NULL;
	return field;
}

static bool take_text(const char **at, const char *end, char *out, size_t size)
{
	size_t n;
	const char *field = next_field(at, end, &n);

	if (!field)
		return false;
	snprintf(out, size, "%.*s", (int)n, field);
	return true;
}

static bool take_number(const char **at, const char *end, uint64_t *value_r)
{
	size_t n;
	const char *field = next_field(at, end, &n);

	return field && num_parse(field, n, UINT64_MAX, value_r);
}

bool record_activity_decode(const char *text, size_t n,
			    struct activity_line *line_r)
{
	const char *at = text, *end = text + n;
	struct activity_line *l = line_r;

	return take_text(&at, end, l->program, sizeof(l->program)) &&
	       take_text(&at, end, l->peer, sizeof(l->peer)) &&
	       take_text(&at, end, l->outcome, sizeof(l->outcome)) &&
	       take_number(&at, end, &l->messages) &&
	       take_number(&at, end, &l->octets) && !at;
}

void record_marker_encode(const struct marker *m,
			  uint8_t out[RECORD_MARKER_SIZE])
{
	memset(out, 0, RECORD_MARKER_SIZE);
	memcpy(out, marker_magic, sizeof(marker_magic));
	out[4] = MARKER_VERSION;
	out[5] = m->dirty;
	num_store32(out + 8, m->attempts);
	num_store64(out + 16, m->generation);
	memcpy(out + 24, m->boot_id, sizeof(m->boot_id));
	num_store64(out + 40, m->lock_dev);
	num_store64(out + 48, m->lock_ino);
	num_store64(out + 56, m->index_dev);
	num_store64(out + 64, m->index_ino);
	num_store64(out + RECORD_MARKER_SIZE - 8,
		    record_checksum(out, RECORD_MARKER_SIZE - 8));
}

void record_marker_decode(const uint8_t *bytes, size_t n, struct marker *m_r)
{
	*m_r = (struct marker){.valid = false};
	if (n < RECORD_MARKER_SIZE ||
	    memcmp(bytes, marker_magic, sizeof(marker_magic)) != 0 ||
	    bytes[4] != MARKER_VERSION ||
	    num_load64(bytes + RECORD_MARKER_SIZE - 8) !=
		    record_checksum(bytes, RECORD_MARKER_SIZE - 8))
		return;
	m_r->valid = true;
	m_r->dirty = bytes[5] != 0;
	m_r->attempts = num_load32(bytes + 8);
	m_r->generation = num_load64(bytes + 16);
	memcpy(m_r->boot_id, bytes + 24, sizeof(m_r->boot_id));
	m_r->lock_dev = num_load64(bytes + 40);
	m_r->lock_ino = num_load64(bytes + 48);
	m_r->index_dev = num_load64(bytes + 56);
	m_r->index_ino = num_load64(bytes + 64);
}
