/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers and times for people. Writes into the caller's buffer only. */
#include "common/base.h"
#include "handlers/tool/text.h"

#include <unistd.h>

#include "common/iso_time.h"
#include "common/text_size.h"

const char *tool_size(uint64_t octets, char out[16])
{
	return text_size(octets, '.', out);
}

const char *tool_time(int64_t seconds, char out[24])
{
	if (seconds > 0)
		iso_time_write(seconds, out);
	else
		snprintf(out, 24, "-");
	return out;
}

const char *tool_span(int64_t seconds, char out[24])
{
	static const char *const units[] = {
		[SPAN_MINUTES] = "minute",
		[SPAN_HOURS] = "hour",
		[SPAN_DAYS] = "day",
	};
	const struct text_span s = text_span_of(seconds);

	if (s.n)
		snprintf(out, 24, "%lu %s%s", s.n, units[s.unit],
			 s.n == 1 ? "" : "s");
	else
		snprintf(out, 24, "under a minute");
	return out;
}

void tool_progress(const char *what, uint64_t done, uint64_t all)
{
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%s %ju ", what, (uintmax_t)done);
	if (all)
		fprintf(stderr, "of %ju ", (uintmax_t)all);
}

void tool_progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}
