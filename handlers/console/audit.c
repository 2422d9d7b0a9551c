/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit line. Values are percent-encoded: none can forge another line. */
#include "common/base.h"
#include "handlers/console/audit.h"

#include "common/log.h"
#include "handlers/console/console.h"
#include "handlers/summary.h"

enum { AUDIT_MAX = 4096 };

static void write_line(const struct console *c, const char *action,
		       const char *name, const char *mailbox,
		       const struct err *e)
{
	struct buf line;

	buf_init(&line, AUDIT_MAX);
	summary_add(&line, "action", action);
	summary_add(&line, "admin", name);
	summary_add(&line, "peer", c->request->peer);
	summary_add(&line, "mailbox", mailbox);
	summary_add(&line, "outcome", e ? "refused" : "done");
	if (e)
		summary_add(&line, "reason", e->text);
	log_summary("audit %s", line.data);
	buf_release(&line);
}

void audit(const struct console *c, const char *action, const char *mailbox,
	   const struct err *e)
{
	write_line(c, action, c->visitor.name, mailbox, e);
}

void audit_named(const struct console *c, const char *action, const char *name,
		 const struct err *e)
{
	write_line(c, action, name, NULL, e);
}
