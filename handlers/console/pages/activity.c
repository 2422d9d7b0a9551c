/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What happened in one mailbox: its sessions of the last days, filtered, and
 * as bars. The one page that opens an index, and only that mailbox's.
 */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include <strings.h>

#include "handlers/console/parts/chart.h"
#include "handlers/console/parts/form.h"
#include "handlers/console/parts/mailbox_rows.h"
#include "handlers/console/parts/page.h"

enum { DAY = 86400, LINES_SHOWN = 500 };

struct filter {
	char mailbox[MAILBOX_ID_LEN + 1]; /* "": none chosen */
	const char *outcome;		  /* "": any */
	unsigned days;
};

/* --- the filter ----------------------------------------------------------- */

static const struct choice days_choices[] = {
	{"1", N_("1 day")},    {"3", N_("3 days")}, {"7", N_("7 days")},
	{"14", N_("14 days")}, {NULL, NULL},
};

static const struct choice outcome_choices[] = {
	{"", N_("any")},
	{"kept", N_("kept")},
	{"relayed", N_("passed on")},
	{"collected", N_("collected")},
	{"idle", N_("nothing to do")},
	{"refused", N_("refused")},
	{"auth-failed", N_("login failed")},
	{"dropped", N_("broken off")},
	{"timeout", N_("timed out")},
	{"tempfail", N_("put off")},
	{"error", N_("error")},
	{NULL, NULL},
};

static const char *label_of(const struct choice *choices, const char *value)
{
	for (; choices->value; choices++)
		if (strcmp(choices->value, value) == 0)
			return _(choices->label);
	return value;
}

static const char *known_value(const struct choice *choices, const char *value,
			       const char *fallback)
{
	for (; choices->value; choices++)
		if (strcmp(choices->value, value) == 0)
			return choices->value;
	return fallback;
}

/* What is no value of the filter counts as not said. */
static void read_filter(const struct request *r, struct filter *f_r)
{
	const struct urlencoded *q = &r->query;
	const char *id = urlencoded_value(q, "mailbox");

	*f_r = (struct filter){.days = 7};
	if (!mailbox_id_parse(id, strlen(id), f_r->mailbox))
		f_r->mailbox[0] = '\0';
	f_r->outcome = known_value(outcome_choices,
				   urlencoded_value(q, "outcome"), "");
	f_r->days = (unsigned)strtoul(
		known_value(days_choices, urlencoded_value(q, "days"), "7"),
		NULL, 10);
}

static void write_select(struct console *c, const char *name, const char *label,
			 const struct choice *choices, const char *chosen)
{
	say(c, "<label>%s <select name=\"%s\">\n", label, name);
	for (; choices->value; choices++)
		say(c, "<option value=\"%s\"%s>%s</option>\n", choices->value,
		    strcmp(choices->value, chosen) == 0 ? " selected" : "",
		    _(choices->label));
	say(c, "</select></label>\n");
}

static void write_filter(struct console *c, const struct filter *f)
{
	char days[16];

	snprintf(days, sizeof(days), "%u", f->days);
	say(c,
	    "<form class=\"filter\" method=\"get\" action=\"%s/activity\">\n",
	    c->request->base);
	mailbox_rows_choice(c, f->mailbox);
	write_select(c, "outcome", _("Outcome"), outcome_choices, f->outcome);
	write_select(c, "days", _("Time"), days_choices, days);
	say(c, "<button>%s</button>\n</form>\n", _("Show"));
}

/* --- bars ----------------------------------------------------------------- */

enum { ARRIVED, COLLECTED, REFUSED, N_SERIES };

static bool is(const struct activity_line *l, const char *outcome)
{
	return strcmp(l->outcome, outcome) == 0;
}

static void count_line(const struct activity_line *l, int day,
		       struct chart_series *series)
{
	bool collector = strcmp(l->program, "pop3-serve") == 0;

	if (collector && is(l, "collected"))
		series[COLLECTED].days[day] += l->messages;
	else if (!collector)
		series[ARRIVED].days[day] += l->messages;
	if (is(l, "refused") || is(l, "auth-failed") || is(l, "tempfail"))
		series[REFUSED].days[day]++;
}

static void write_bars(struct console *c, const struct activity_list *list)
{
	struct chart_series series[N_SERIES] = {
		[ARRIVED] = {.class = "arrived", .label = _("Arrived")},
		[COLLECTED] = {.class = "collected", .label = _("Collected")},
		[REFUSED] = {.class = "refused",
			     .label = _("Sessions refused")},
	};
	struct calendar calendar;

	chart_calendar(c->now, &calendar);
	for (size_t i = 0; i < list->n; i++) {
		int day = chart_day_of(&calendar, list->list[i].when);

		if (day >= 0)
			count_line(&list->list[i], day, series);
	}
	chart_bars(c, _("Messages by day, the last 14 days"), series, N_SERIES);
}

/* --- sessions ------------------------------------------------------------- */

static void write_heading(struct console *c)
{
	say(c,
	    "<div class=\"scroll\"><table>\n"
	    "<thead><tr><th scope=\"col\">%s</th><th scope=\"col\">%s</th>"
	    "<th scope=\"col\">%s</th><th scope=\"col\">%s</th>"
	    "<th scope=\"col\" class=\"number\">%s</th>"
	    "<th scope=\"col\" class=\"number\">%s</th></tr></thead>\n"
	    "<tbody>\n",
	    _("Time"), _("Program"), _("From"), _("Outcome"), _("Messages"),
	    _("Size"));
}

static void write_line(struct console *c, const struct activity_line *l)
{
	char when[TEXT_SIZE], number[TEXT_SIZE], octets[TEXT_SIZE];

	say(c,
	    "<tr><td data-label=\"%s\">%s</td><td data-label=\"%s\">%s</td>"
	    "<td data-label=\"%s\">%s</td>"
	    "<td data-label=\"%s\"><span class=\"outcome %s\">%s</span></td>"
	    "<td class=\"number\" data-label=\"%s\">%s</td>"
	    "<td class=\"number\" data-label=\"%s\">%s</td></tr>\n",
	    _("Time"), text_time(c->language, l->when, when), _("Program"),
	    l->program, _("From"), l->peer, _("Outcome"), l->outcome,
	    label_of(outcome_choices, l->outcome), _("Messages"),
	    text_number(c->language, l->messages, number), _("Size"),
	    text_octets(c->language, l->octets, octets));
}

static bool is_wanted(const struct filter *f, const struct activity_line *l,
		      int64_t since)
{
	return l->when >= since && (!*f->outcome || is(l, f->outcome));
}

/* Opens the table at the first line; returns how many there were. */
static size_t write_wanted(struct console *c, const struct filter *f,
			   const struct activity_list *list)
{
	int64_t since = c->now - (int64_t)f->days * DAY;
	size_t shown = 0;

	for (size_t i = 0; i < list->n && shown < LINES_SHOWN; i++) {
		if (!is_wanted(f, &list->list[i], since))
			continue;
		if (shown++ == 0)
			write_heading(c);
		write_line(c, &list->list[i]);
	}
	if (shown)
		say(c, "</tbody></table></div>\n");
	return shown;
}

static void write_lines(struct console *c, const struct filter *f,
			const struct activity_list *list)
{
	size_t shown;

	say(c, "<h2>%s</h2>\n", _("Sessions"));
	shown = write_wanted(c, f, list);
	if (shown == 0)
		say(c, "<p class=\"card empty\">%s</p>\n",
		    _("Nothing of that kind happened."));
	if (shown == LINES_SHOWN || list->more)
		say(c, "<p>%s</p>\n",
		    _("There are more; these are the newest."));
}

static void write_activity(struct console *c, const struct filter *f)
{
	struct activity_list list = {.list = NULL};
	struct mailbox *m;
	struct err e;

	m = mailbox_open(c->store, f->mailbox, &e);
	if (!m || mailbox_activity(m, c->now - ACTIVITY_DAYS * DAY, c->now,
				   &list, &e) < 0) {
		mailbox_close(&m);
		say(c, "<p class=\"notice bad\" role=\"alert\">%s</p>\n",
		    e.kind == ERR_ABSENT
			    ? _("There is no such mailbox, or no longer.")
			    : e.text);
		return;
	}
	write_bars(c, &list);
	write_lines(c, f, &list);
	activity_release(&list);
	mailbox_close(&m);
}

PAGE(activity)
{
	struct filter f;

	read_filter(c->request, &f);
	page_begin(c, _("Activity"));
	write_filter(c, &f);
	if (*f.mailbox)
		write_activity(c, &f);
	else
		say(c, "<p>%s</p>\n",
		    _("Choose a mailbox to see who sent to it and who "
		      "collected from it."));
	page_end(c);
}
