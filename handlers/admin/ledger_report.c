/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said of a ledger, a line each. Judges nothing. */
#include "common/base.h"
#include "handlers/admin/ledger_verify.h"

void ledger_report_note(struct ledger_report *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!buf_adds(&r->notes, "  ") || !buf_addv(&r->notes, fmt, ap) ||
	    !buf_adds(&r->notes, "\n"))
		r->n_notes = LEDGER_NOTES_MAX;
	va_end(ap);
}

void ledger_report_release(struct ledger_report *r)
{
	free(r->check.known);
	evidence_release(&r->evidence);
	buf_release(&r->notes);
}
