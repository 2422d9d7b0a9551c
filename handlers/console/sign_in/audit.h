/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line in the log for everything that the console changes. */
#ifndef RESTANTE_HANDLERS_CONSOLE_SIGN_IN_AUDIT_H
#define RESTANTE_HANDLERS_CONSOLE_SIGN_IN_AUDIT_H

struct console;
struct err;

/*
 * "audit action=mailbox-set admin=… peer=… mailbox=… outcome=done", or
 * outcome=refused, or failed where it may pass, with the reason where e is not
 * NULL. action is a word of ours; mailbox may be NULL.
 */
void audit(const struct console *c, const char *action, const char *mailbox,
	   const struct err *e);

/* The same where the name is not that of who is signed in. */
void audit_named(const struct console *c, const char *action, const char *name,
		 const struct err *e);

/*
 * "add" or "remove" of somebody who can read the mail of the mailbox in the
 * path: which key it was.
 */
void audit_recipient(const struct console *c, const char *what,
		     const char *recipient, const struct err *e);

#endif
