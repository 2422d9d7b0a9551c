/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at the disk, the certificate and a mailbox's counters. */
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

void health_of_certificate(const struct conf *conf, int64_t now,
			   struct health_certificate *h_r)
{
	*h_r = (struct health_certificate){.state = CERTIFICATE_FINE};
	if (tls_certificate_end(conf->tls.certificate, &h_r->end, &h_r->error) <
	    0)
		h_r->state = CERTIFICATE_UNREADABLE;
	else if (h_r->end <= now)
		h_r->state = CERTIFICATE_ENDED;
	else if (h_r->end - now < HEALTH_CERTIFICATE_DAYS * DAY)
		h_r->state = CERTIFICATE_ENDS_SOON;
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
