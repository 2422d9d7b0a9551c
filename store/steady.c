/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A clock that has jumped. Touches no file and no clock. */
#include "common/base.h"
#include "store/steady.h"

#include "common/num.h"
#include "store/record.h"

enum {
	LONG_ENOUGH = STEADY_DAYS * 24 * 3600,
	SLEWED = 600, /* seconds back, as a clock is corrected */
};

static const char magic[4] = {'R', 'S', 'T', 'T'};

/* Years in any record and on any clock: no difference of two wraps around. */
static bool is_time(int64_t t)
{
	return t > 0 && t < INT64_C(253402300800); /* the year 10000 */
}

static bool has_jumped(const struct steady *s, int64_t now)
{
	return now < s->last - SLEWED || now > s->last + LONG_ENOUGH;
}

enum steady_state steady_look(struct steady *s, int64_t now)
{
	bool is_first = !s->last, jumped = !is_first && has_jumped(s, now);

	if (is_first || jumped)
		s->since = now;
	s->last = now;
	if (jumped)
		return STEADY_JUMPED;
	return now - s->since >= LONG_ENOUGH ? STEADY : STEADY_NOT_LONG;
}

void steady_encode(const struct steady *s, uint8_t out[STEADY_SIZE])
{
	memset(out, 0, STEADY_SIZE);
	memcpy(out, magic, sizeof(magic));
	out[4] = 1;
	num_store64(out + 8, (uint64_t)s->last);
	num_store64(out + 16, (uint64_t)s->since);
	num_store64(out + STEADY_SIZE - 8,
		    record_checksum(out, STEADY_SIZE - 8));
}

void steady_decode(const uint8_t *bytes, size_t n, struct steady *s_r)
{
	*s_r = (struct steady){.last = 0};
	if (n < STEADY_SIZE || memcmp(bytes, magic, sizeof(magic)) != 0 ||
	    bytes[4] != 1 ||
	    num_load64(bytes + STEADY_SIZE - 8) !=
		    record_checksum(bytes, STEADY_SIZE - 8))
		return;
	s_r->last = (int64_t)num_load64(bytes + 8);
	s_r->since = (int64_t)num_load64(bytes + 16);
	if (!is_time(s_r->last) || !is_time(s_r->since))
		*s_r = (struct steady){.last = 0};
}
