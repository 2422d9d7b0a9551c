/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bars as inline SVG. Each says in words what it shows, for those who do not
 * see it; colours come from the style sheet.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_PARTS_CHART_H
#define RESTANTE_HANDLERS_CONSOLE_PARTS_CHART_H

#include "handlers/console/context.h"

enum { CHART_DAYS = 14 };

/* One kind of thing counted by day, today first. */
struct chart_series {
	const char *class; /* of the style sheet */
	const char *label; /* translated */
	uint64_t days[CHART_DAYS];
};

/* When the days of this machine's calendar begin, today first. */
struct calendar {
	int64_t begins[CHART_DAYS];
};

void chart_calendar(time_t now, struct calendar *calendar_r);

/* The day that `when` is in, 0 being today; -1: before all of them. */
int chart_day_of(const struct calendar *calendar, int64_t when);

/* Arrivals by hour, newest first, as days. */
void chart_days_of_hours(const struct calendar *calendar, const uint32_t *hours,
			 size_t n, int64_t newest_hour,
			 uint64_t days_r[CHART_DAYS]);

/* Small, without axes, for a row of a table. */
void chart_sparkline(struct console *c, const uint64_t days[CHART_DAYS]);

/* Large, several series side by side, with days and a scale. */
void chart_bars(struct console *c, const char *title,
		const struct chart_series *series, size_t n);

#endif
