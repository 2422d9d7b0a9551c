/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counters of a mailbox. Pure functions: no file, no clock. */
#include "common/base.h"
#include "store/counters.h"

#include "common/num.h"
#include "store/record.h"

enum { COUNTERS_VERSION = 1, HOUR = 3600 };

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
	num_store64(out + COUNTERS_SIZE - 8,
		    record_checksum(out, COUNTERS_SIZE - 8));
}

/* Hours are computed with: one that no clock shows is no record of ours. */
static bool is_hour(int64_t hour)
{
	enum { LAST = 70389527 }; /* of the year 9999 */

	return hour >= 0 && hour <= LAST;
}

bool counters_decode(const uint8_t *bytes, size_t n,
		     struct counters *counters_r)
{
	memset(counters_r, 0, sizeof(*counters_r));
	if (n < COUNTERS_SIZE || memcmp(bytes, magic, sizeof(magic)) != 0 ||
	    bytes[4] != COUNTERS_VERSION ||
	    !is_hour((int64_t)num_load64(bytes + 48)) ||
	    num_load64(bytes + COUNTERS_SIZE - 8) !=
		    record_checksum(bytes, COUNTERS_SIZE - 8))
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

void counters_remove(struct counters *c, uint64_t octets)
{
	if (c->messages)
		c->messages--;
	c->octets -= octets < c->octets ? octets : c->octets;
	if (!c->messages)
		c->oldest = 0;
}
