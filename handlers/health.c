/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at the disk, and judges what others have read. */
#include "common/base.h"
#include "handlers/health.h"

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

enum health_certificate health_of_certificate(int64_t end, int64_t now)
{
	if (end <= now)
		return CERTIFICATE_ENDED;
	if (end - now < HEALTH_CERTIFICATE_DAYS * DAY)
		return CERTIFICATE_ENDS_SOON;
	return CERTIFICATE_FINE;
}

bool health_is_uncollected(const struct conf *conf, int64_t now,
			   const struct counters *n)
{
	int64_t limit = now - conf->console.uncollected_after;

	return n->messages > 0 && n->oldest < limit &&
	       n->last_collected < limit;
}

int64_t health_uncollected_since(const struct counters *n)
{
	return n->last_collected ? n->last_collected : n->oldest;
}

bool health_is_refusing(bool suspended, int64_t now, const struct counters *n)
{
	return suspended && n->last_refused > now - DAY;
}
