/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What needs a person: judged here once, told by the shell command and by the
 * console, each in its own words.
 */
#ifndef RESTANTE_HANDLERS_ADMIN_HEALTH_H
#define RESTANTE_HANDLERS_ADMIN_HEALTH_H

#include "common/conf.h"
#include "store/store.h"

enum { HEALTH_CERTIFICATE_DAYS = 21, HEALTH_DISK_PERCENT = 10 };

struct health_disk {
	enum { DISK_FINE, DISK_LOW, DISK_REFUSING, DISK_UNKNOWN } state;
	uint64_t available, all; /* octets */
};

void health_of_disk(const struct conf *conf, struct health_disk *h_r);

/* A mailbox is under hold, and the disk is on its way to refusing mail. */
bool health_hold_is_tight(const struct conf *conf, const struct health_disk *h);

enum health_certificate {
	CERTIFICATE_FINE,
	CERTIFICATE_ENDS_SOON,
	CERTIFICATE_ENDED,
};

/*
 * Soon is HEALTH_CERTIFICATE_DAYS before, and for one of a short life when a
 * quarter of it is left: whoever renews by himself does so at a third.
 */
enum health_certificate health_of_certificate(const struct tls_term *term,
					      int64_t now);

/* Mail waits, and nobody has come for it for console.uncollected-after. */
bool health_is_uncollected(const struct conf *conf, int64_t now,
			   const struct counters *n);

/* The worse one of quota and rate. */
enum limit_state health_of_limits(const struct limits_used *used);

/* Since when nobody came for it; now, where no clock has told. */
int64_t health_uncollected_since(int64_t now, const struct counters *n);

/* Suspended, and somebody tried to deliver to it within a day. */
bool health_is_refusing(bool suspended, int64_t now, const struct counters *n);

#endif
