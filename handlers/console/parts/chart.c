/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sparklines and bar charts. Coordinates are whole numbers. */
#include "common/base.h"
#include "handlers/console/parts/chart.h"

#include <time.h>

#include "handlers/console/parts/page.h"

enum {
	HOUR = 3600,
	SPARK_WIDTH = 7 * CHART_DAYS,
	SPARK_HEIGHT = 24,
	BAR_WIDTH = 840,
	BAR_HEIGHT = 180,
	BAR_TOP = 16,
	BAR_DAY = BAR_WIDTH / CHART_DAYS,
};

/* --- days ----------------------------------------------------------------- */

void chart_calendar(time_t now, struct calendar *calendar_r)
{
	struct tm tm;

	memset(calendar_r, 0, sizeof(*calendar_r));
	if (!localtime_r(&now, &tm))
		return;
	for (size_t i = 0; i < CHART_DAYS; i++) {
		struct tm day = tm;

		day.tm_mday -= (int)i;
		day.tm_hour = day.tm_min = day.tm_sec = 0;
		day.tm_isdst = -1;
		calendar_r->begins[i] = mktime(&day);
	}
}

int chart_day_of(const struct calendar *calendar, int64_t when)
{
	for (int i = 0; i < CHART_DAYS; i++)
		if (when >= calendar->begins[i])
			return i;
	return -1;
}

/* Hours and days both run backwards: one walk through both. */
void chart_days_of_hours(const struct calendar *calendar, const uint32_t *hours,
			 size_t n, int64_t newest_hour,
			 uint64_t days_r[CHART_DAYS])
{
	size_t day = 0;

	memset(days_r, 0, CHART_DAYS * sizeof(days_r[0]));
	for (size_t i = 0; i < n; i++) {
		int64_t when = (newest_hour - (int64_t)i) * HOUR;

		while (day < CHART_DAYS && when < calendar->begins[day])
			day++;
		if (day == CHART_DAYS)
			return;
		days_r[day] += hours[i];
	}
}

static uint64_t greatest(const uint64_t days[CHART_DAYS], uint64_t so_far)
{
	for (size_t i = 0; i < CHART_DAYS; i++)
		if (days[i] > so_far)
			so_far = days[i];
	return so_far;
}

/* Of a bar; something is never drawn as nothing. */
static unsigned height_of(uint64_t value, uint64_t most, unsigned full)
{
	unsigned height = most ? (unsigned)(value * full / most) : 0;

	return value && height == 0 ? 1 : height;
}

/* --- sparkline ------------------------------------------------------------ */

void chart_sparkline(struct console *c, const uint64_t days[CHART_DAYS])
{
	uint64_t most = greatest(days, 0), sum = 0;
	char number[TEXT_SIZE], label[256];

	for (size_t i = 0; i < CHART_DAYS; i++)
		sum += days[i];
	snprintf(label, sizeof(label),
		 catalog_plural("%s message in 14 days",
				"%s messages in 14 days", (unsigned long)sum),
		 text_number(c->language, sum, number));
	say(c,
	    "<svg class=\"spark\" role=\"img\" aria-label=\"%s\" "
	    "viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">"
	    "<title>%s</title>",
	    label, SPARK_WIDTH, SPARK_HEIGHT, SPARK_WIDTH, SPARK_HEIGHT, label);
	for (int i = 0; i < CHART_DAYS; i++) {
		unsigned h = height_of(days[CHART_DAYS - 1 - i], most,
				       SPARK_HEIGHT - 1);

		if (h)
			say(c,
			    "<rect x=\"%d\" y=\"%u\" width=\"5\" "
			    "height=\"%u\"/>",
			    i * 7 + 1, SPARK_HEIGHT - h, h);
	}
	say(c, "<path d=\"M0 %d.5H%d\"/></svg>", SPARK_HEIGHT - 1, SPARK_WIDTH);
}

/* --- bars ----------------------------------------------------------------- */

static void write_legend(struct console *c, const struct chart_series *series,
			 size_t n)
{
	char number[TEXT_SIZE];

	say(c, "<ul class=\"legend\">\n");
	for (size_t i = 0; i < n; i++) {
		uint64_t sum = 0;

		for (size_t day = 0; day < CHART_DAYS; day++)
			sum += series[i].days[day];
		say(c,
		    "<li class=\"%s\"><span></span>%s <strong>%s</strong>"
		    "</li>\n",
		    series[i].class, series[i].label,
		    text_number(c->language, sum, number));
	}
	say(c, "</ul>\n");
}

static void write_bar(struct console *c, const struct chart_series *s,
		      size_t place, size_t n, int day, uint64_t most)
{
	unsigned width = (BAR_DAY - 12) / (unsigned)n;
	unsigned h = height_of(s->days[day], most, BAR_HEIGHT);
	char number[TEXT_SIZE];

	if (h == 0)
		return;
	say(c,
	    "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" "
	    "height=\"%u\"><title>%s: %s</title></rect>\n",
	    s->class,
	    (unsigned)(CHART_DAYS - 1 - day) * BAR_DAY + 6 +
		    (unsigned)place * width,
	    BAR_TOP + BAR_HEIGHT - h, width - 1, h, s->label,
	    text_number(c->language, s->days[day], number));
}

/* "24." under each day: the number alone is the same in every language. */
static void write_day(struct console *c, const struct calendar *calendar,
		      int day)
{
	time_t when = (time_t)calendar->begins[day];
	struct tm tm;

	if (localtime_r(&when, &tm))
		say(c,
		    "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d</text>",
		    (CHART_DAYS - 1 - day) * BAR_DAY + BAR_DAY / 2,
		    BAR_TOP + BAR_HEIGHT + 18, tm.tm_mday);
}

void chart_bars(struct console *c, const char *title,
		const struct chart_series *series, size_t n)
{
	struct calendar calendar;
	uint64_t most = 0;
	char number[TEXT_SIZE];

	chart_calendar(c->now, &calendar);
	for (size_t i = 0; i < n; i++)
		most = greatest(series[i].days, most);
	say(c, "<figure>\n<figcaption>%s</figcaption>\n", title);
	write_legend(c, series, n);
	say(c,
	    "<svg class=\"bars\" role=\"img\" aria-label=\"%s\" "
	    "viewBox=\"0 0 %d %d\">\n",
	    title, BAR_WIDTH, BAR_TOP + BAR_HEIGHT + 24);
	say(c,
	    "<path d=\"M0 %d.5H%d\"/>\n"
	    "<text x=\"0\" y=\"11\">%s</text>\n",
	    BAR_TOP + BAR_HEIGHT, BAR_WIDTH,
	    most ? text_number(c->language, most, number) : "");
	for (int day = 0; day < CHART_DAYS; day++) {
		for (size_t i = 0; i < n; i++)
			write_bar(c, &series[i], i, n, day, most);
		write_day(c, &calendar, day);
	}
	say(c, "</svg>\n</figure>\n");
}
