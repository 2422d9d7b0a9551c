/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every part of a run asks for: its time, and what lies there by now. */
#include "common/base.h"
#include "store/sweep/private.h"

#include "common/clock.h"

bool sweep_time_is_up(const struct sweep *s)
{
	return clock_ms() >= s->end;
}

int sweep_scan_anew(struct sweep *s, struct err *e)
{
	listing_release(&s->cur);
	listing_release(&s->gone);
	if (listing_scan(s->mailbox, 0, &s->cur, e) < 0)
		return -1;
	return listing_scan_gone(s->mailbox, 0, &s->gone, e);
}
