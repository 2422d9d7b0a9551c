/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit line. Values are percent-encoded: none can forge another line. */
#include "common/base.h"
#include "handlers/console/sign_in/audit.h"

#include "common/log.h"
#include "handlers/console/console.h"
#include "handlers/session/summary.h"

enum { AUDIT_MAX = 4096 };

/* What may pass later is no refusal: nobody is banned for it (fail2ban). */
static const char *outcome_of(const struct err *e)
{
	if (!e)
		return "done";
	switch (e->kind) {
	case ERR_TEMP:
	case ERR_FULL:
	case ERR_BUSY:
		return "failed";
	default:
		return "refused";
	}
}

static void write_line(const struct console *c, const char *action,
		       const char *name, const char *mailbox,
		       const char *recipient, const struct err *e)
{
	struct buf line;

	buf_init(&line, AUDIT_MAX);
	summary_add(&line, "action", action);
	summary_add(&line, "admin", name);
	summary_add(&line, "peer", c->request->peer);
	summary_add(&line, "mailbox", mailbox);
	summary_add(&line, "recipient", recipient);
	summary_add(&line, "outcome", outcome_of(e));
	if (e)
		summary_add(&line, "reason", e->text);
	log_always("audit %s", line.data);
	buf_release(&line);
}

void audit(const struct console *c, const char *action, const char *mailbox,
	   const struct err *e)
{
	write_line(c, action, c->visitor.name, mailbox, NULL, e);
}

void audit_named(const struct console *c, const char *action, const char *name,
		 const struct err *e)
{
	write_line(c, action, name, NULL, NULL, e);
}

void audit_recipient(const struct console *c, const char *what,
		     const char *recipient, const struct err *e)
{
	char action[32];

	snprintf(action, sizeof(action), "recipient-%s", what);
	write_line(c, action, c->visitor.name, c->id, recipient, e);
}
