/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers and times for people. Writes into the caller's buffer only. */
#include "common/base.h"
#include "handlers/tool/tool.h"

#include <unistd.h>

#include "common/iso_time.h"

const char *tool_size(uint64_t octets, char out[16])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	double value = (double)octets / 1024;
	size_t i = 0;

	if (octets < 1024) {
		snprintf(out, 16, "%u B", (unsigned)octets);
		return out;
	}
	while (value >= 999.5 && i + 1 < N_ELEMENTS(units)) {
		value /= 1024;
		i++;
	}
	snprintf(out, 16, value < 9.95 ? "%.1f %s" : "%.0f %s", value,
		 units[i]);
	return out;
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
	static const struct {
		int64_t length;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}};

	for (size_t i = 0; i < N_ELEMENTS(units); i++) {
		int64_t n = seconds / units[i].length;

		if (n < 1)
			continue;
		snprintf(out, 24, "%jd %s%s", (intmax_t)n, units[i].name,
			 n == 1 ? "" : "s");
		return out;
	}
	snprintf(out, 24, "under a minute");
	return out;
}

void tool_progress(const char *what, uint64_t done, uint64_t all)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s %ju of %ju ", what, (uintmax_t)done,
			(uintmax_t)all);
}

void tool_progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}
