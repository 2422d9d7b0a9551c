/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counters of a mailbox. Pure functions: no file, no clock. */
#include "common/base.h"
#include "store/counters.h"

#include "common/num.h"
#include "store/record.h"

enum {
	COUNTERS_VERSION = 2,
	SCANNED_AT = 64 + 4 * COUNTERS_HOURS,
	HOUR = 3600,
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
	num_store64(out + COUNTERS_SIZE - 8,
		    record_checksum(out, COUNTERS_SIZE - 8));
}

/* Hours are computed with: one that no clock shows is no record of ours. */
static bool is_hour(int64_t hour)
{
	enum { LAST = 70389527 }; /* of the year 9999 */

	return hour >= 0 && hour <= LAST;
}

/* That of format 1 is the same without `scanned`: an upgrade keeps it. */
static size_t size_of_version(const uint8_t *bytes, size_t n)
{
	if (n < SCANNED_AT || memcmp(bytes, magic, sizeof(magic)) != 0)
		return 0;
	if (bytes[4] == COUNTERS_VERSION)
		return COUNTERS_SIZE;
	return bytes[4] == 1 ? COUNTERS_SIZE - 8 : 0;
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
	if (size == COUNTERS_SIZE)
		counters_r->scanned = (int64_t)num_load64(bytes + SCANNED_AT);
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

void counters_add(struct counters *c, uint64_t octets, int64_t when,
		  int64_t now)
{
	int64_t back;

	if (when > now)
		when = now;
	c->scanned = 0;
	c->messages++;
	c->octets += octets;
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
