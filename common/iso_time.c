/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ISO 8601 both ways. No locale, no time zone but UTC. */
#include "common/base.h"
#include "common/iso_time.h"

#include <time.h>

static const int64_t last_second = INT64_C(253402300799); /* of 9999 */

void iso_time_write(int64_t seconds, char out[ISO_TIME_LEN + 1])
{
	time_t t = seconds < 0		   ? 0
		   : seconds > last_second ? last_second
					   : seconds;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, ISO_TIME_LEN + 1, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Digits where the pattern has a zero, else the pattern's own character. */
static bool has_form(const char *text, const char *pattern)
{
	for (; *pattern; text++, pattern++) {
		bool digit = *text >= '0' && *text <= '9';

		if (*pattern == '0' ? !digit : *text != *pattern)
			return false;
	}
	return *text == '\0';
}

static int digits(const char *text, size_t n)
{
	int value = 0;

	while (n-- > 0)
		value = value * 10 + (*text++ - '0');
	return value;
}

bool iso_time_parse(const char *text, int64_t *seconds_r)
{
	char again[ISO_TIME_LEN + 1];
	struct tm tm;

	if (!has_form(text, "0000-00-00T00:00:00Z"))
		return false;
	tm = (struct tm){
		.tm_year = digits(text, 4) - 1900,
		.tm_mon = digits(text + 5, 2) - 1,
		.tm_mday = digits(text + 8, 2),
		.tm_hour = digits(text + 11, 2),
		.tm_min = digits(text + 14, 2),
		.tm_sec = digits(text + 17, 2),
	};
	*seconds_r = timegm(&tm);
	/* timegm() takes the 31st of February for a day in March. */
	iso_time_write(*seconds_r, again);
	return strcmp(again, text) == 0;
}
