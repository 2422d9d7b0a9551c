/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies in cur/ and gone/, once all that was begun has been ended. */
#include "common/base.h"
#include "store/settled.h"

#include "store/back.h"

static int scan_both(const struct mailbox *m, int64_t end, struct listing *cur,
		     struct listing *gone, struct err *e)
{
	listing_release(cur);
	listing_release(gone);
	if (listing_scan(m, end, cur, e) < 0 ||
	    listing_scan_gone(m, end, gone, e) < 0)
		return -1;
	return leaving_mark_named(m, cur, gone, e);
}

int settled_scan(struct mailbox *m, int64_t end, struct listing *cur_r,
		 struct listing *gone_r, struct leaving_report *report_r,
		 struct err *e)
{
	size_t back;

	*cur_r = *gone_r = (struct listing){.list = NULL};
	if (leaving_open(m, e) < 0 || scan_both(m, end, cur_r, gone_r, e) < 0 ||
	    leaving_carry(m, cur_r, gone_r, report_r, e) < 0 ||
	    back_finish(m, gone_r, &back, e) < 0)
		return -1;
	if (back)
		return scan_both(m, end, cur_r, gone_r, e);
	if (!report_r->put_back)
		return 0;
	listing_release(cur_r);
	return listing_scan(m, end, cur_r, e);
}
