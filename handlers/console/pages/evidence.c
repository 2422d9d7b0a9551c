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
#include "store/ledger/looked.h"

/* --- whether it holds ------------------------------------------------------
 */

static bool is_bad(const struct evidence_days *d)
{
	return !d->report.holds || !d->host_holds;
}

/* What the mailbox lacks comes behind what the ledger itself says. */
static const char *verdict(const struct evidence_days *d)
{
	if (!d->has_host)
		return _("The host's ledger is not there, so nothing can be "
			 "held against it.");
	if (!d->host_holds)
		return _("The host's ledger is not what was signed, so nothing "
			 "can be held against it.");
	if (!d->report.holds)
		return _("The ledger is what was signed, and the mailbox does "
			 "not hold what it should: restante ledger verify "
			 "names the messages.");
	if (!d->report.check.checkpoint.size)
		return _("Nothing was signed yet, so nothing is proved. The "
			 "mailbox holds what the ledger has entered.");
	return _("The ledger is what was signed, and the mailbox holds what it "
		 "should.");
}

static void write_verdict(struct console *c, const struct evidence_days *d)
{
	const struct check_fault *f = &d->report.check.fault;

	if (f->file)
		say(c, "<p class=\"notice bad\" role=\"alert\">%s %s: %s</p>\n",
		    _("The ledger is not what was signed."), f->file, f->text);
	else if (is_bad(d))
		say(c, "<p class=\"notice bad\" role=\"alert\">%s</p>\n",
		    verdict(d));
	else
		say(c, "<p class=\"notice%s\" role=\"status\">%s</p>\n",
		    d->report.check.checkpoint.size ? " good" : "", verdict(d));
	if (ledger_is_of_the_store(c->conf))
		say(c, "<p id=\"one-user\">%s</p>\n",
		    _("One user owns mailboxes and ledger here: this proves "
		      "nothing against that user."));
}

static void write_fact(struct console *c, const char *name, const char *value)
{
	say(c, "<dt>%s</dt><dd>%s</dd>\n", name, value);
}

/* What the ledger itself has seen, without anybody who asked. */
static void write_looked(struct console *c, const struct mailbox *m)
{
	const struct language *l = c->language;
	char number[TEXT_SIZE], when[TEXT_SIZE];
	struct looked looked;

	if (!mailbox_looked(m, &looked)) {
		write_fact(c, _("Last daily look at the mailbox"),
			   _("Not yet"));
		return;
	}
	write_fact(c, _("Last daily look at the mailbox"),
		   text_time(l, looked.when, when));
	write_fact(c, _("Messages missing then"),
		   text_number(l, looked.missing, number));
	write_fact(c, _("Messages that were another file then"),
		   text_number(l, looked.differs, number));
}

static void write_ledger_facts(struct console *c, const struct mailbox *m,
			       const struct evidence_days *d)
{
	const struct check *check = &d->report.check;
	const struct language *l = c->language;
	char number[TEXT_SIZE], when[TEXT_SIZE];

	say(c, "<dl class=\"facts card\">\n");
	write_fact(c, _("Last signed"),
		   d->signed_at ? text_time(l, d->signed_at, when)
				: _("Not yet"));
	write_fact(c, _("Entries"),
		   text_number(l,
			       check->checkpoint.size + check->unsigned_entries,
			       number));
	write_fact(c, _("Of them not signed yet"),
		   text_number(l, check->unsigned_entries, number));
	if (d->report.presence.not_entered)
		write_fact(
			c, _("Messages not entered yet"),
			text_number(l, d->report.presence.not_entered, number));
	write_looked(c, m);
	say(c,
	    "</dl>\n<p><a class=\"button\" href=\"%s/mailbox/%s/evidence\">"
	    "%s</a></p>\n",
	    c->request->base, c->id, _("Verify now"));
}

/* --- the days --------------------------------------------------------------
 */

static const struct column {
	const char *label;
	enum presence_state state;
	bool always; /* else where there are any */
} columns[] = {
	{N_("Waiting"), PRESENCE_WAITS, true},
	{N_("Deleted, still here"), PRESENCE_IN_GONE, false},
	{N_("Collected and deleted"), PRESENCE_COLLECTED, true},
	{N_("Expired"), PRESENCE_EXPIRED, false},
	{N_("Taken by a full disk"), PRESENCE_FULL, false},
	{N_("Lost to a reset"), PRESENCE_LOST, false},
	{N_("Before this ledger"), PRESENCE_BEFORE, false},
	{N_("Not provable"), PRESENCE_UNPROVED, false},
	{N_("Missing"), PRESENCE_GONE_UNTOLD, true},
};

static bool is_shown(const struct evidence_days *d, const struct column *column)
{
	return column->always || d->report.presence.states[column->state];
}

static void write_head_cell(struct console *c, const char *text)
{
	say(c, "<th scope=\"col\" class=\"number\">%s</th>", text);
}

static void write_number_cell(struct console *c, const char *label, uint64_t n)
{
	char number[TEXT_SIZE];

	say(c, "<td class=\"number\" data-label=\"%s\">%s</td>", label,
	    text_number(c->language, n, number));
}

static const char *row_name(const struct console *c,
			    const struct evidence_days *d, int row,
			    char out[TEXT_SIZE])
{
	if (row == EVIDENCE_LATER)
		return _("Later than today");
	if (row == EVIDENCE_EARLIER)
		return _("Earlier");
	return text_day(c->language, d->today - (row - EVIDENCE_TODAY), out);
}

static void write_row(struct console *c, const struct evidence_days *d, int i)
{
	const struct evidence_row *row = &d->rows[i];
	char name[TEXT_SIZE];

	say(c, "<tr><th scope=\"row\">%s</th>", row_name(c, d, i, name));
	write_number_cell(c, _("Messages"), row->received);
	for (size_t k = 0; k < N_ELEMENTS(columns); k++)
		if (is_shown(d, &columns[k]))
			write_number_cell(c, _(columns[k].label),
					  row->states[columns[k].state]);
	say(c, "</tr>\n");
}

static void write_table(struct console *c, const struct evidence_days *d)
{
	say(c, "<div class=\"scroll\"><table id=\"days\">\n<thead><tr>");
	say(c, "<th scope=\"col\">%s</th>", _("Received on (UTC)"));
	write_head_cell(c, _("Messages"));
	for (size_t i = 0; i < N_ELEMENTS(columns); i++)
		if (is_shown(d, &columns[i]))
			write_head_cell(c, _(columns[i].label));
	say(c, "</tr></thead>\n<tbody>\n");
	for (int i = 0; i < EVIDENCE_N_ROWS; i++)
		if (d->rows[i].received)
			write_row(c, d, i);
	say(c, "</tbody></table></div>\n");
	if (d->report.presence.states[PRESENCE_UNPROVED])
		say(c, "<p>%s</p>\n",
		    _("Not provable: collected before the ledger knew the key "
		      "with which collectors sign."));
}

static void write_days(struct console *c, const struct evidence_days *d)
{
	page_section(c, _("What became of it"));
	if (d->report.check.fault.file)
		say(c, "<p>%s</p>\n",
		    _("Nothing can be said while the ledger does not hold."));
	else if (d->report.received)
		write_table(c, d);
	else
		say(c, "<p>%s</p>\n", _("Nothing has been received yet."));
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

static void write_evidence(struct console *c, const struct mailbox *m)
{
	struct evidence_days *d;
	struct err e;

	if (evidence_days_read(c->conf, c->store, c->id, c->now, &d, &e) == 0) {
		write_verdict(c, d);
		write_ledger_facts(c, m, d);
		write_days(c, d);
		write_proof_form(c);
		evidence_days_free(&d);
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
