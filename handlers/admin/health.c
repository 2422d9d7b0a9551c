/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at the disk, and judges what others have read. */
#include "common/base.h"
#include "handlers/admin/health.h"

#include <sys/statvfs.h>

enum { DAY = 86400 };

void health_of_disk(const struct conf *conf, struct health_disk *h_r)
{
	struct statvfs v;

	*h_r = (struct health_disk){.state = DISK_UNKNOWN};
	if (statvfs(conf->store, &v) < 0 || v.f_blocks == 0)
		return;
	h_r->available = (uint64_t)v.f_bavail * v.f_frsize;
	h_r->all = (uint64_t)v.f_blocks * v.f_frsize;
	if (h_r->available < conf->limits.reserve)
		h_r->state = DISK_REFUSING;
	else if (h_r->available < h_r->all / 100 * HEALTH_DISK_PERCENT)
		h_r->state = DISK_LOW;
	else
		h_r->state = DISK_FINE;
}

/* Under hold collecting frees nothing: told at twice what mail leaves free. */
bool health_hold_is_tight(const struct conf *conf, const struct health_disk *h)
{
	return h->state != DISK_UNKNOWN &&
	       h->available / 2 < conf->limits.reserve;
}

enum health_certificate health_of_certificate(const struct tls_term *term,
					      int64_t now)
{
	int64_t left = term->ends - now;

	if (left <= 0)
		return CERTIFICATE_ENDED;
	if (left < HEALTH_CERTIFICATE_DAYS * DAY &&
	    left < (term->ends - term->begins) / 4)
		return CERTIFICATE_ENDS_SOON;
	return CERTIFICATE_FINE;
}

/*
 * A clock that was ahead leaves times that are yet to come. They are no times:
 * believed, they would silence a warning until they do. A day is let pass, for
 * a clock that was set right by a little.
 */
static int64_t believed(int64_t when, int64_t now)
{
	return when > now + DAY ? 0 : when;
}

bool health_is_uncollected(const struct conf *conf, int64_t now,
			   const struct counters *n)
{
	int64_t limit = now - conf->console.uncollected_after;

	return n->messages > 0 && believed(n->oldest, now) < limit &&
	       believed(n->last_collected, now) < limit;
}

enum limit_state health_of_limits(const struct limits_used *used)
{
	enum limit_state quota = limit_state(used->waiting, used->quota);
	enum limit_state rate = limit_state(used->in_the_hour, used->rate);

	return quota > rate ? quota : rate;
}

int64_t health_uncollected_since(int64_t now, const struct counters *n)
{
	int64_t collected = believed(n->last_collected, now);
	int64_t oldest = believed(n->oldest, now);

	if (collected)
		return collected;
	return oldest ? oldest : now;
}

bool health_is_refusing(bool suspended, int64_t now, const struct counters *n)
{
	return suspended && believed(n->last_refused, now) > now - DAY;
}
