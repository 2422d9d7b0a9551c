/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counters of a mailbox. Pure functions: no file, no clock. */
#include "common/base.h"
#include "store/counters.h"

#include "common/num.h"
#include "store/record.h"

enum {
	COUNTERS_VERSION = 4,
	SCANNED_AT = 64 + 4 * COUNTERS_HOURS,
	SIZE_1 = SCANNED_AT + 8, /* with the checksum, as all */
	SIZE_2 = SCANNED_AT + 16,
	WRITING_AT = SCANNED_AT + 8,
	PART_AT = WRITING_AT + 8,
	RECENT_AT = PART_AT + 8,
	DELETED_AT = RECENT_AT + 8 * COUNTERS_RECENT,
	SIZE_3 = DELETED_AT + 8,
	HOUR = 3600,
	PART = 300,
};

static const char magic[4] = {'R', 'S', 'T', 'C'};

void counters_encode(const struct counters *c, uint8_t out[COUNTERS_SIZE])
{
	memset(out, 0, COUNTERS_SIZE);
	memcpy(out, magic, sizeof(magic));
	out[4] = COUNTERS_VERSION;
	num_store64(out + 8, c->messages);
	num_store64(out + 16, c->octets);
	num_store64(out + 24, (uint64_t)c->oldest);
	num_store64(out + 32, (uint64_t)c->last_received);
	num_store64(out + 40, (uint64_t)c->last_collected);
	num_store64(out + 48, (uint64_t)c->hour);
	num_store64(out + 56, (uint64_t)c->last_refused);
	for (size_t i = 0; i < COUNTERS_HOURS; i++)
		num_store32(out + 64 + 4 * i, c->arrivals[i]);
	num_store64(out + SCANNED_AT, (uint64_t)c->scanned);
	num_store64(out + WRITING_AT, c->writing);
	num_store64(out + PART_AT, (uint64_t)c->part);
	for (size_t i = 0; i < COUNTERS_RECENT; i++)
		num_store64(out + RECENT_AT + 8 * i, c->recent[i]);
	num_store64(out + DELETED_AT, c->deleted_messages);
	num_store64(out + DELETED_AT + 8, c->deleted_octets);
	num_store64(out + DELETED_AT + 16, (uint64_t)c->deleted_since);
	num_store64(out + DELETED_AT + 24, (uint64_t)c->deleted_scanned);
	num_store64(out + COUNTERS_SIZE - 8,
		    record_checksum(out, COUNTERS_SIZE - 8));
}

/* Hours are computed with: one that no clock shows is no record of ours. */
static bool is_hour(int64_t hour)
{
	enum { LAST = 70389527 }; /* of the year 9999 */

	return hour >= 0 && hour <= LAST;
}

/*
 * That of format 1 is the same without `scanned`, version 2 without what limits
 * need, version 3 without gone/: an upgrade keeps it, and what it has not is
 * zero.
 */
static size_t size_of_version(const uint8_t *bytes, size_t n)
{
	if (n < SCANNED_AT || memcmp(bytes, magic, sizeof(magic)) != 0)
		return 0;
	switch (bytes[4]) {
	case 1:
		return SIZE_1;
	case 2:
		return SIZE_2;
	case 3:
		return SIZE_3;
	case COUNTERS_VERSION:
		return COUNTERS_SIZE;
	default:
		return 0;
	}
}

static void decode_limits(const uint8_t *bytes, struct counters *c)
{
	c->writing = num_load64(bytes + WRITING_AT);
	c->part = (int64_t)num_load64(bytes + PART_AT);
	for (size_t i = 0; i < COUNTERS_RECENT; i++)
		c->recent[i] = num_load64(bytes + RECENT_AT + 8 * i);
}

static void decode_deleted(const uint8_t *bytes, struct counters *c)
{
	c->deleted_messages = num_load64(bytes + DELETED_AT);
	c->deleted_octets = num_load64(bytes + DELETED_AT + 8);
	c->deleted_since = (int64_t)num_load64(bytes + DELETED_AT + 16);
	c->deleted_scanned = (int64_t)num_load64(bytes + DELETED_AT + 24);
}

bool counters_decode(const uint8_t *bytes, size_t n,
		     struct counters *counters_r)
{
	size_t size = size_of_version(bytes, n);

	memset(counters_r, 0, sizeof(*counters_r));
	if (size == 0 || n < size ||
	    !is_hour((int64_t)num_load64(bytes + 48)) ||
	    num_load64(bytes + size - 8) != record_checksum(bytes, size - 8))
		return false;
	counters_r->counted = true;
	counters_r->messages = num_load64(bytes + 8);
	counters_r->octets = num_load64(bytes + 16);
	counters_r->oldest = (int64_t)num_load64(bytes + 24);
	counters_r->last_received = (int64_t)num_load64(bytes + 32);
	counters_r->last_collected = (int64_t)num_load64(bytes + 40);
	counters_r->hour = (int64_t)num_load64(bytes + 48);
	counters_r->last_refused = (int64_t)num_load64(bytes + 56);
	for (size_t i = 0; i < COUNTERS_HOURS; i++)
		counters_r->arrivals[i] = num_load32(bytes + 64 + 4 * i);
	if (size > SIZE_1)
		counters_r->scanned = (int64_t)num_load64(bytes + SCANNED_AT);
	if (size > SIZE_2)
		decode_limits(bytes, counters_r);
	if (size > SIZE_3)
		decode_deleted(bytes, counters_r);
	return true;
}

/* Moves the window so that arrivals[0] counts a later hour. */
static void move_on(struct counters *c, int64_t hour)
{
	int64_t by = hour - c->hour;

	if (by <= 0)
		return;
	if (by >= COUNTERS_HOURS) {
		memset(c->arrivals, 0, sizeof(c->arrivals));
	} else {
		memmove(c->arrivals + by, c->arrivals,
			(COUNTERS_HOURS - (size_t)by) * sizeof(c->arrivals[0]));
		memset(c->arrivals, 0, (size_t)by * sizeof(c->arrivals[0]));
	}
	c->hour = hour;
}

/*
 * The other way, after a clock was ahead: what was counted in hours that have
 * not come is dropped. Left where it is, the window would count nothing until
 * they do, and that may take years.
 */
static void move_back(struct counters *c, int64_t hour)
{
	int64_t by = c->hour - hour;

	if (by <= 0)
		return;
	if (by >= COUNTERS_HOURS) {
		memset(c->arrivals, 0, sizeof(c->arrivals));
	} else {
		size_t left = COUNTERS_HOURS - (size_t)by;

		memmove(c->arrivals, c->arrivals + by,
			left * sizeof(c->arrivals[0]));
		memset(c->arrivals + left, 0,
		       (size_t)by * sizeof(c->arrivals[0]));
	}
	c->hour = hour;
}

/*
 * Moves that window to the part of `now`, either way: what was counted in parts
 * that are over, or have not come, is dropped.
 */
static void move_parts(struct counters *c, int64_t now)
{
	uint64_t moved[COUNTERS_RECENT] = {0};
	int64_t part = now / PART, last;

	for (last = 0; last < COUNTERS_RECENT; last++) {
		/* Any value may stand there. */
		uint64_t age =
			(uint64_t)part - (uint64_t)c->part + (uint64_t)last;

		if (age < COUNTERS_RECENT)
			moved[age] = c->recent[last];
	}
	memcpy(c->recent, moved, sizeof(moved));
	c->part = part;
}

/* No sum of what was found on the disk wraps around. */
static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t counters_of_the_hour(const struct counters *c, int64_t now)
{
	struct counters at = *c;
	uint64_t octets = 0;

	move_parts(&at, now);
	for (size_t i = 0; i < COUNTERS_RECENT; i++)
		octets = sum(octets, at.recent[i]);
	return octets;
}

void counters_add(struct counters *c, uint64_t octets, int64_t when,
		  int64_t now)
{
	int64_t back;

	if (when > now)
		when = now;
	c->scanned = 0;
	c->messages++;
	c->octets += octets;
	move_parts(c, now);
	c->recent[0] = sum(c->recent[0], octets);
	if (!c->oldest || when < c->oldest)
		c->oldest = when;
	if (when > c->last_received || c->last_received > now)
		c->last_received = when;
	move_back(c, now / HOUR);
	move_on(c, when / HOUR);
	back = c->hour - when / HOUR;
	if (back < COUNTERS_HOURS)
		c->arrivals[back]++;
}

void counters_remove(struct counters *c, uint64_t messages, uint64_t octets)
{
	c->messages -= messages < c->messages ? messages : c->messages;
	c->scanned = 0;
	c->octets -= octets < c->octets ? octets : c->octets;
	if (!c->messages)
		c->oldest = 0;
}

void counters_set_waiting(struct counters *c, uint64_t messages,
			  uint64_t octets, int64_t oldest, int64_t scanned)
{
	c->counted = true;
	c->messages = messages;
	c->octets = octets;
	c->oldest = messages ? oldest : 0;
	c->scanned = scanned;
}
