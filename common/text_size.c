/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Knows units, and no language. */
#include "common/base.h"
#include "common/text_size.h"

const char *text_size(uint64_t octets, char decimal, char out[TEXT_SIZE_MAX])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	uint64_t tenths = octets / 1024 * 10 + octets % 1024 * 10 / 1024;
	size_t i = 0;

	if (octets < 1024) {
		snprintf(out, TEXT_SIZE_MAX, "%u B", (unsigned)octets);
		return out;
	}
	for (; tenths >= 9995 && i + 1 < N_ELEMENTS(units); i++)
		tenths = (tenths + 512) / 1024;
	if (tenths < 100)
		snprintf(out, TEXT_SIZE_MAX, "%u%c%u %s",
			 (unsigned)(tenths / 10), decimal,
			 (unsigned)(tenths % 10), units[i]);
	else
		snprintf(out, TEXT_SIZE_MAX, "%u %s",
			 (unsigned)((tenths + 5) / 10), units[i]);
	return out;
}

struct text_span text_span_of(int64_t seconds)
{
	unsigned long minutes = (unsigned long)(seconds > 0 ? seconds : 0) / 60;
	unsigned long hours = minutes / 60, days = hours / 24;

	if (days)
		return (struct text_span){days, SPAN_DAYS};
	if (hours)
		return (struct text_span){hours, SPAN_HOURS};
	return (struct text_span){minutes, SPAN_MINUTES};
}
