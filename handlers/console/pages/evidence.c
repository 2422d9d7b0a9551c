/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a mailbox's ledger proves: of what came each day, what became of it; and
 * the proof of one message. Reads alone; the ledger is another user's.
 */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include "handlers/admin/evidence_days.h"
#include "handlers/console/parts/form.h"
#include "handlers/console/parts/mailbox_frame.h"
#include "handlers/console/parts/page.h"

enum { DAY = 24 * 3600, DAYS_SHOWN = 366 };

/* --- whether it holds ------------------------------------------------------
 */

static void write_verdict(struct console *c, const struct evidence_days *d)
{
	const struct check_fault *f = &d->fault;
	uint64_t missing = d->report.faults[PRESENCE_MISSING];

	if (f->file)
		say(c, "<p class=\"notice bad\" role=\"alert\">%s %s: %s</p>\n",
		    _("The ledger is not what was signed."), f->file, f->text);
	else if (missing || d->report.faults[PRESENCE_UNTOLD])
		say(c, "<p class=\"notice bad\" role=\"alert\">%s</p>\n",
		    _("The ledger is what was signed, and the mailbox does "
		      "not hold what it should: restante ledger verify names "
		      "the messages."));
	else
		say(c, "<p class=\"notice good\" role=\"status\">%s</p>\n",
		    _("The ledger is what was signed, and the mailbox holds "
		      "what it should."));
}

static void write_fact(struct console *c, const char *name, const char *value)
{
	say(c, "<dt>%s</dt><dd>%s</dd>\n", name, value);
}

static void write_ledger_facts(struct console *c, const struct evidence_days *d)
{
	const struct language *l = c->language;
	char number[TEXT_SIZE], when[TEXT_SIZE];

	say(c, "<dl class=\"facts card\">\n");
	write_fact(c, _("Last signed"),
		   d->signed_at ? text_time(l, d->signed_at, when)
				: _("Not yet"));
	write_fact(c, _("Entries"), text_number(l, d->entries, number));
	write_fact(c, _("Of them not signed yet"),
		   text_number(l, d->unsigned_entries, number));
	say(c,
	    "</dl>\n<p><a class=\"button\" href=\"%s/mailbox/%s/evidence\">"
	    "%s</a></p>\n",
	    c->request->base, c->id, _("Verify now"));
}

/* --- the days --------------------------------------------------------------
 */

/* A column, of the sum of up to two states, shown where it is not all zero. */
static const struct column {
	const char *label;
	enum presence_state state;
} columns[] = {
	{N_("Waiting"), PRESENCE_WAITS},
	{N_("Deleted, still here"), PRESENCE_IN_GONE},
	{N_("Collected and deleted"), PRESENCE_COLLECTED},
	{N_("Expired"), PRESENCE_EXPIRED},
	{N_("Taken by a full disk"), PRESENCE_FULL},
	{N_("Lost to a reset"), PRESENCE_LOST},
	{N_("Missing"), PRESENCE_GONE_UNTOLD},
};

static void write_head_cell(struct console *c, const char *text)
{
	say(c, "<th scope=\"col\" class=\"number\">%s</th>", text);
}

static bool any_unproved(const struct evidence_days *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->list[i].unproved)
			return true;
	return false;
}

static bool any_of(const struct evidence_days *d, enum presence_state state)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->list[i].states[state])
			return true;
	return false;
}

/* Waiting, collected and missing always; the others where there are any. */
static bool is_shown(const struct evidence_days *d, enum presence_state state)
{
	return state == PRESENCE_WAITS || state == PRESENCE_COLLECTED ||
	       state == PRESENCE_GONE_UNTOLD || any_of(d, state);
}

static void write_number_cell(struct console *c, const char *label, uint64_t n)
{
	char number[TEXT_SIZE];

	say(c, "<td class=\"number\" data-label=\"%s\">%s</td>", label,
	    text_number(c->language, n, number));
}

static void write_day(struct console *c, const struct evidence_days *d,
		      const struct evidence_day *day, bool unproved)
{
	char date[TEXT_SIZE];

	say(c, "<tr><th scope=\"row\">%s</th>",
	    text_date(c->language, day->day * DAY, date));
	write_number_cell(c, _("Messages"), day->received);
	for (size_t i = 0; i < N_ELEMENTS(columns); i++)
		if (is_shown(d, columns[i].state))
			write_number_cell(c, _(columns[i].label),
					  day->states[columns[i].state]);
	if (unproved)
		write_number_cell(c, _("Not provable"), day->unproved);
	say(c, "</tr>\n");
}

static void write_table(struct console *c, const struct evidence_days *d)
{
	bool unproved = any_unproved(d);

	say(c, "<div class=\"scroll\"><table id=\"days\">\n<thead><tr>");
	say(c, "<th scope=\"col\">%s</th>", _("Received on"));
	write_head_cell(c, _("Messages"));
	for (size_t i = 0; i < N_ELEMENTS(columns); i++)
		if (is_shown(d, columns[i].state))
			write_head_cell(c, _(columns[i].label));
	if (unproved)
		write_head_cell(c, _("Not provable"));
	say(c, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < d->n && i < DAYS_SHOWN; i++)
		write_day(c, d, &d->list[i], unproved);
	say(c, "</tbody></table></div>\n");
	if (unproved)
		say(c, "<p>%s</p>\n",
		    _("Not provable: collected before the ledger knew the key "
		      "with which collectors sign."));
}

static void write_days(struct console *c, const struct evidence_days *d)
{
	page_section(c, _("What became of it"));
	if (d->n)
		write_table(c, d);
	else
		say(c, "<p>%s</p>\n",
		    d->compared ? _("Nothing has been received yet.")
				: _("Nothing can be said while the ledger does "
				    "not hold."));
	page_section_end(c);
}

/* --- a proof ---------------------------------------------------------------
 */

static void write_proof_form(struct console *c)
{
	page_section(c, _("The proof of one message"));
	say(c,
	    "<p>%s</p>\n<form method=\"get\" "
	    "action=\"%s/mailbox/%s/evidence/proof\">\n"
	    "<div class=\"field\"><label for=\"ulid\">%s</label>\n"
	    "<input type=\"text\" id=\"ulid\" name=\"ulid\" required "
	    "maxlength=\"26\" "
	    "autocomplete=\"off\" spellcheck=\"false\">\n"
	    "<p class=\"hint\">%s</p></div>\n<button>%s</button>\n</form>\n",
	    _("The entry of a message, and what leads from it to the last "
	      "checkpoint, as a file for others. They need nothing else but "
	      "the ledger's public key."),
	    c->request->base, c->id, _("The message's id"),
	    _("26 letters and digits, as the sender's log has it behind "
	      "“Kept as”."),
	    _("Download"));
	page_section_end(c);
}

/* --- pages -----------------------------------------------------------------
 */

static void write_evidence(struct console *c, struct mailbox *m)
{
	struct evidence_days d;
	struct err e;

	if (evidence_days_read(c->conf, m, &d, &e) == 0) {
		write_verdict(c, &d);
		write_ledger_facts(c, &d);
		write_days(c, &d);
		write_proof_form(c);
		evidence_days_release(&d);
	} else if (e.kind == ERR_ABSENT) {
		say(c, "<p id=\"no-ledger\">%s</p>\n",
		    _("This mailbox has no ledger: restante-ledger.timer is "
		      "not running, or has not come by yet."));
	} else {
		say(c, "<p class=\"notice bad\">%s %s</p>\n",
		    _("The ledger cannot be read:"), e.text);
	}
}

PAGE(evidence)
{
	struct mailbox *m = mailbox_frame_open(c);

	if (!m)
		return;
	mailbox_frame_begin(c, mailbox_settings(m));
	write_evidence(c, m);
	page_end(c);
	mailbox_close(&m);
}

PAGE(evidence_proof)
{
	const char *ulid = urlencoded_value(&c->request->query, "ulid");
	struct buf *out = &c->answer.html.out;
	struct err e;

	if (!ulid_valid(ulid, strlen(ulid))) {
		page_error(c, 400, _("No such message"),
			   _("The id of a message has 26 letters and digits."));
		return;
	}
	if (evidence_proof(c->conf, c->id, ulid, out, &e) < 0) {
		buf_reset(out);
		page_failure(c, &e);
		return;
	}
	c->answer.type = "text/plain; charset=us-ascii";
	answer_header(&c->answer, "Content-Disposition",
		      "attachment; filename=\"%s.tlog-proof.txt\"", ulid);
}
