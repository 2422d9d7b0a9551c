/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All mailboxes, and above them what needs a person. Reads each mailbox's
 * settings and its counters, and opens no database.
 */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include "handlers/admin/health.h"
#include "handlers/console/parts/certificate.h"
#include "handlers/console/parts/chart.h"
#include "handlers/console/parts/mailbox_frame.h"
#include "handlers/console/parts/mailbox_rows.h"
#include "handlers/console/parts/page.h"

/* --- what needs a person -------------------------------------------------- */

struct needs {
	struct console *console;
	size_t n;
};

/* The list begins with the first of them. */
static void need(struct needs *needs, const char *text, const char *path,
		 const char *link)
{
	struct console *c = needs->console;

	if (needs->n++ == 0)
		say(c,
		    "<section class=\"needs\" id=\"needs\" data-live>\n"
		    "<h2>%s</h2>\n<ul>\n",
		    _("Needs attention"));
	say(c, "<li>%s <a href=\"%s%s\">%s</a></li>\n", text, c->request->base,
	    path, link);
}

static bool certificate_needs(struct console *c, char *text, size_t size)
{
	char date[TEXT_SIZE];
	struct tls_term term;
	struct err e;

	if (certificate_term(c, &term, &e) < 0) {
		snprintf(text, size, _("The certificate cannot be read: %s"),
			 e.text);
		return true;
	}
	switch (health_of_certificate(&term, c->now)) {
	case CERTIFICATE_FINE:
		return false;
	case CERTIFICATE_ENDED:
		snprintf(text, size,
			 _("The certificate ended on %s: senders and the "
			   "archive refuse it."),
			 text_date(c->language, term.ends, date));
		break;
	case CERTIFICATE_ENDS_SOON:
		snprintf(text, size, _("The certificate ends on %s."),
			 text_date(c->language, term.ends, date));
		break;
	}
	return true;
}

static bool disk_needs(struct console *c, char *text, size_t size)
{
	struct health_disk h;
	char octets[TEXT_SIZE];

	health_of_disk(c->conf, &h);
	switch (h.state) {
	case DISK_FINE:
		return false;
	case DISK_UNKNOWN:
		snprintf(text, size, "%s",
			 _("The free space of the store's disk cannot be "
			   "read."));
		break;
	case DISK_REFUSING:
		snprintf(text, size,
			 _("The disk is full (%s free): mail is turned away "
			   "for now, until the archive collects or room is "
			   "made."),
			 text_octets(c->language, h.available, octets));
		break;
	case DISK_LOW:
		snprintf(text, size,
			 _("Less than %d %% of the disk is free (%s)."),
			 HEALTH_DISK_PERCENT,
			 text_octets(c->language, h.available, octets));
		break;
	}
	return true;
}

static enum limit_state row_limits(const struct console *c,
				   const struct mailbox_row *r)
{
	const struct mailbox_conf settings = {.quota = r->quota,
					      .rate = r->rate};
	struct limits_used u;

	limits_used(&settings, &r->counters, c->now, &u);
	return health_of_limits(&u);
}

static void limits_need(const struct console *c, const struct mailbox_row *r,
			char *text, size_t size)
{
	if (row_limits(c, r) == LIMIT_REACHED)
		snprintf(text, size,
			 _("%s takes no more mail for now: it has what its "
			   "settings allow."),
			 r->name);
	else
		snprintf(text, size,
			 _("%s has more than %d %% of the mail that its "
			   "settings allow."),
			 r->name, LIMIT_NEAR_PERCENT);
}

static bool row_needs(struct console *c, const struct mailbox_row *r,
		      char *text, size_t size)
{
	char span[TEXT_SIZE];

	if (!r->readable)
		snprintf(text, size, _("%s cannot be read; the log says why."),
			 r->name);
	else if (row_limits(c, r) != LIMIT_FAR)
		limits_need(c, r, text, size);
	else if (health_is_uncollected(c->conf, c->now, &r->counters))
		snprintf(text, size, _("%s has not been collected for %s."),
			 r->name,
			 text_span(c->now - health_uncollected_since(
						    c->now, &r->counters),
				   span));
	else if (health_is_refusing(r->suspended, c->now, &r->counters))
		snprintf(text, size,
			 _("%s is suspended, and mail is still being sent to "
			   "it: the sender is told to try again later."),
			 r->name);
	else
		return false;
	return true;
}

/* Beside what else there is to say: it may be a sign of a break-in. */
static bool aside_needs(const struct mailbox_row *r, char *text, size_t size)
{
	if (r->aside.n == 0)
		return false;
	snprintf(text, size,
		 _("%s: something was put among its records that is none of "
		   "them. A part of the server may have been taken over."),
		 r->name);
	return true;
}

/* Beside what else there is to say: soon no mailbox takes mail any more. */
static bool hold_needs(struct console *c, const struct mailbox_row *r,
		       char *text, size_t size)
{
	struct health_disk h;

	if (!r->hold)
		return false;
	health_of_disk(c->conf, &h);
	if (!health_hold_is_tight(c->conf, &h))
		return false;
	snprintf(text, size,
		 _("%s is under hold, and the disk is nearly full: collecting "
		   "frees nothing of it."),
		 r->name);
	return true;
}

static void write_needs(struct console *c, const struct mailbox_rows *rows)
{
	struct needs needs = {.console = c};
	char text[1024], path[80];

	if (certificate_needs(c, text, sizeof(text)))
		need(&needs, text, "/system", _("Look"));
	if (disk_needs(c, text, sizeof(text)))
		need(&needs, text, "/system", _("Look"));
	for (size_t i = 0; i < rows->n; i++) {
		const struct mailbox_row *r = rows->list[i];

		snprintf(path, sizeof(path), "/mailbox/%s", r->id);
		if (row_needs(c, r, text, sizeof(text)))
			need(&needs, text, path, _("Open"));
		if (aside_needs(r, text, sizeof(text)))
			need(&needs, text, path, _("Open"));
		if (hold_needs(c, r, text, sizeof(text)))
			need(&needs, text, path, _("Open"));
	}
	if (needs.n)
		say(c, "</ul>\n</section>\n");
	else
		say(c, "<p class=\"fine\" id=\"needs\" data-live>%s</p>\n",
		    _("Nothing needs your attention."));
}

/* --- the table ------------------------------------------------------------ */

static void write_overview_heading(struct console *c)
{
	say(c,
	    "<thead><tr><th scope=\"col\">%s</th><th scope=\"col\">%s</th>"
	    "<th scope=\"col\" class=\"number\">%s</th>"
	    "<th scope=\"col\" class=\"number\">%s</th>"
	    "<th scope=\"col\">%s</th><th scope=\"col\">%s</th>"
	    "<th scope=\"col\">%s</th></tr></thead>\n",
	    _("Name"), _("Status"), _("Waiting"), _("Size"), _("Received"),
	    _("Collected"), _("Last 14 days"));
}

static void write_status(struct console *c, const struct mailbox_row *r)
{
	if (r->suspended)
		say(c, "<span class=\"badge off\">%s</span>", _("Suspended"));
	else if (!mailbox_frame_limit(c, row_limits(c, r)))
		say(c, "<span class=\"badge on\">%s</span>", _("Active"));
}

static void write_row(struct console *c, const struct calendar *calendar,
		      const struct mailbox_row *r)
{
	const struct counters *n = &r->counters;
	uint64_t days[CHART_DAYS];
	char waiting[TEXT_SIZE], size[TEXT_SIZE], in[TEXT_SIZE], out[TEXT_SIZE];

	say(c,
	    "<tr><th scope=\"row\"><a href=\"%s/mailbox/%s\"><bdi>%s</bdi></a>"
	    "</th><td data-label=\"%s\">",
	    c->request->base, r->id, r->name, _("Status"));
	write_status(c, r);
	say(c,
	    "</td><td class=\"number\" data-label=\"%s\">%s</td>"
	    "<td class=\"number\" data-label=\"%s\">%s</td>"
	    "<td class=\"when\" data-label=\"%s\">%s</td>"
	    "<td class=\"when\" data-label=\"%s\">%s</td>"
	    "<td data-label=\"%s\">",
	    _("Waiting"), text_number(c->language, n->messages, waiting),
	    _("Size"), text_octets(c->language, n->octets, size), _("Received"),
	    text_time(c->language, n->last_received, in), _("Collected"),
	    text_time(c->language, n->last_collected, out), _("Last 14 days"));
	chart_days_of_hours(calendar, n->arrivals, COUNTERS_HOURS, n->hour,
			    days);
	chart_sparkline(c, days);
	say(c, "</td></tr>\n");
}

static void write_table(struct console *c, const struct mailbox_rows *rows)
{
	struct calendar calendar;

	chart_calendar(c->now, &calendar);
	say(c, "<div class=\"scroll\"><table id=\"mailboxes\" data-live>\n");
	write_overview_heading(c);
	say(c, "<tbody>\n");
	for (size_t i = 0; i < rows->n; i++)
		write_row(c, &calendar, rows->list[i]);
	say(c, "</tbody></table></div>\n");
}

PAGE(overview)
{
	struct mailbox_rows rows = {.list = NULL};
	struct err e;

	if (mailbox_rows_read(c, &rows, &e) < 0) {
		page_failure(c, &e);
		mailbox_rows_release(&rows);
		return;
	}
	page_begin_with(c, _("Mailboxes"), "/new", _("New mailbox"));
	page_notice(c);
	write_needs(c, &rows);
	if (rows.n)
		write_table(c, &rows);
	else
		say(c, "<p class=\"card empty\">%s</p>\n",
		    _("There is no mailbox yet. Each source of mail gets one "
		      "of its own."));
	page_end(c);
	mailbox_rows_release(&rows);
}
