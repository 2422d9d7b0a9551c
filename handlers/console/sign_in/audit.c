/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit line. Values are percent-encoded: none can forge another line. */
#include "common/base.h"
#include "handlers/console/sign_in/audit.h"

#include "common/buf.h"
#include "common/log.h"
#include "common/log_pairs.h"
#include "handlers/console/context.h"

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

static void write_audit(const struct console *c, const char *action,
			const char *name, const char *mailbox,
			const char *recipient, const struct err *e)
{
	struct buf line;

	buf_init(&line, AUDIT_MAX);
	log_pairs_add(&line, "action", action);
	log_pairs_add(&line, "admin", name);
	log_pairs_add(&line, "peer", c->request->peer);
	log_pairs_add(&line, "mailbox", mailbox);
	log_pairs_add(&line, "recipient", recipient);
	log_pairs_add(&line, "outcome", outcome_of(e));
	if (e)
		log_pairs_add(&line, "reason", e->text);
	log_always("audit %s", line.data);
	buf_release(&line);
}

void audit(const struct console *c, const char *action, const char *mailbox,
	   const struct err *e)
{
	write_audit(c, action, c->visitor.name, mailbox, NULL, e);
}

void audit_named(const struct console *c, const char *action, const char *name,
		 const struct err *e)
{
	write_audit(c, action, name, NULL, NULL, e);
}

void audit_recipient(const struct console *c, const char *what,
		     const char *recipient, const struct err *e)
{
	char action[32];

	snprintf(action, sizeof(action), "recipient-%s", what);
	write_audit(c, action, c->visitor.name, c->id, recipient, e);
}
