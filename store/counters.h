/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a dashboard shows of a mailbox, as a checksummed record of fixed size
 * in its lock file: one pread, no database. Pure functions.
 */
#ifndef RESTANTE_STORE_COUNTERS_H
#define RESTANTE_STORE_COUNTERS_H

#include "common/base.h"

enum {
	COUNTERS_HOURS = 14 * 24,
	COUNTERS_RECENT = 13, /* parts of five minutes: an hour, whole */
	COUNTERS_SIZE = 64 + 4 * COUNTERS_HOURS + 8 * COUNTERS_RECENT +
			64, /* on disk */
};

struct counters {
	bool counted;		/* false: no record was there, all is zero */
	uint64_t messages;	/* waiting */
	uint64_t octets;	/* waiting, wire size */
	int64_t oldest;		/* arrival of the oldest, seconds; 0: none */
	int64_t last_received;	/* seconds since 1970; 0: never */
	int64_t last_collected; /* a login that ended in QUIT */
	int64_t last_refused;	/* mail that was for it and was not taken */
	int64_t hour;		/* hours since 1970 that arrivals[0] counts */
	uint32_t arrivals[COUNTERS_HOURS]; /* by hour, newest first */
	/* Of cur/: its change in ns, as the last scan found it; 0: since then
	 * somebody has counted without looking. */
	int64_t scanned;
	/* Taken by messages that are being written (store/limit.h). */
	uint64_t writing;
	int64_t part; /* five minutes since 1970 that recent[0] counts */
	uint64_t recent[COUNTERS_RECENT]; /* octets kept, newest first */
	/* Of gone/, as the sweep has found it: what undo or hold keeps there,
	 * before when nothing of it may go, and the directory's change in ns.
	 */
	uint64_t deleted_messages, deleted_octets;
	int64_t deleted_since;
	int64_t deleted_scanned;
};

void counters_encode(const struct counters *c, uint8_t out[COUNTERS_SIZE]);

/* False: not a counters record (an empty or torn one): counters_r is zero. */
bool counters_decode(const uint8_t *bytes, size_t n,
		     struct counters *counters_r);

/*
 * One message of that size arrived at `when` (seconds), respectively some left.
 * `now` is believed: what a clock that was ahead has left behind gives way to
 * it.
 */
void counters_add(struct counters *c, uint64_t octets, int64_t when,
		  int64_t now);
/*
 * Octets kept in the last hour, and in up to five minutes before it. What a
 * clock that was ahead has counted is not among them.
 */
uint64_t counters_of_the_hour(const struct counters *c, int64_t now);
void counters_remove(struct counters *c, uint64_t messages, uint64_t octets);

/* What waits, as a scan has found it. */
void counters_set_waiting(struct counters *c, uint64_t messages,
			  uint64_t octets, int64_t oldest, int64_t scanned);

#endif
