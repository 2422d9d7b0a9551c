/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes nothing: the forms do, by pages of their own. */
#include "common/base.h"
#include "handlers/console/parts/deleted.h"

#include "handlers/admin/health.h"
#include "handlers/console/parts/page.h"

static void write_sentence(struct console *c, const struct mailbox_conf *m)
{
	char text[400];

	if (m->hold)
		snprintf(text, sizeof(text), "%s",
			 _("It is under hold: whatever the archive deletes "
			   "stays here, and the mailbox can be neither deleted "
			   "nor reset. The archive notices nothing."));
	else if (m->undo)
		snprintf(text, sizeof(text),
			 catalog_plural("What the archive deletes stays for "
					"%u day and can be brought back.",
					"What the archive deletes stays for "
					"%u days and can be brought back.",
					m->undo),
			 m->undo);
	else
		snprintf(text, sizeof(text), "%s",
			 _("What the archive deletes goes within a minute. "
			   "With a number of days in the settings above it "
			   "stays for so long and can be brought back."));
	say(c, "<p>%s</p>\n", text);
}

static void write_tight(struct console *c, const struct mailbox_conf *m)
{
	struct health_disk h;

	health_of_disk(c->conf, &h);
	if (m->hold && health_hold_is_tight(c->conf, &h))
		say(c, "<p class=\"notice bad\">%s</p>\n",
		    _("The disk is nearly full, and collecting frees nothing "
		      "of what is under hold: soon mail is turned away. Make "
		      "room, or release the hold."));
}

static void write_amount(struct console *c, const struct counters *n,
			 const char *attributes)
{
	char number[TEXT_SIZE], octets[TEXT_SIZE], text[4 * TEXT_SIZE];

	snprintf(text, sizeof(text),
		 catalog_plural("%s deleted message is still here, %s.",
				"%s deleted messages are still here, %s.",
				(unsigned long)n->deleted_messages),
		 text_number(c->language, n->deleted_messages, number),
		 text_octets(c->language, n->deleted_octets, octets));
	say(c, "<p%s><strong>%s</strong></p>\n", attributes, text);
}

static const struct {
	const char *hours;
	const char *label;
} spans[] = {
	{"", N_("Everything that is still here")},
	{"1", N_("What was deleted in the last hour")},
	{"24", N_("What was deleted in the last 24 hours")},
	{"168", N_("What was deleted in the last 7 days")},
};

static void write_undo(struct console *c)
{
	page_form_once(c, "/mailbox/%s/undo", c->id);
	say(c,
	    "<div class=\"field\"><label for=\"hours\">%s</label>\n"
	    "<select id=\"hours\" name=\"hours\">\n",
	    _("What is to come back"));
	for (size_t i = 0; i < N_ELEMENTS(spans); i++)
		say(c, "<option value=\"%s\">%s</option>\n", spans[i].hours,
		    _(spans[i].label));
	say(c, "</select>\n<p class=\"hint\">%s</p></div>\n",
	    _("Each comes back as a new message, so that the archive takes it "
	      "again."));
	page_form_end(c, _("Bring back"));
}

static void write_hold(struct console *c, const struct mailbox_conf *m)
{
	say(c, "<div class=\"actions\">\n");
	page_form_begin(c, "/mailbox/%s/%s", c->id,
			m->hold ? "release" : "hold");
	page_form_end_quietly(c, m->hold ? _("Release the hold")
					 : _("Put under hold"));
	say(c, "</div>\n");
}

void deleted_write(struct console *c, const struct mailbox *m)
{
	const struct mailbox_conf *settings = mailbox_settings(m);
	struct counters n;
	struct err e;

	page_section(c, _("Deleted mail"));
	write_tight(c, settings);
	write_sentence(c, settings);
	if (mailbox_counters(m, &n, &e) == 0 &&
	    (n.deleted_messages || settings->hold || settings->undo)) {
		write_amount(c, &n, " id=\"deleted\" data-live");
		if (n.deleted_messages)
			write_undo(c);
	}
	write_hold(c, settings);
	page_section_end(c);
}

void deleted_write_amount(struct console *c, const struct counters *n)
{
	if (n->deleted_messages)
		write_amount(c, n, "");
}

void deleted_write_hold(struct console *c, const struct mailbox_conf *m)
{
	write_sentence(c, m);
	write_hold(c, m);
}
