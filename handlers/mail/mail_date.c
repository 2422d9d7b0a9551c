/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dates for header lines. strftime would ask the locale for the names. */
#include "common/base.h"
#include "handlers/mail/mail_date.h"

#include <time.h>

#include "common/buf.h"

bool mail_date_add(int64_t when, struct buf *out)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed",
				       "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr",
					 "May", "Jun", "Jul", "Aug",
					 "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)when;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return buf_addf(out, "%s, %d %s %d %02d:%02d:%02d +0000",
			days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
			tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}
