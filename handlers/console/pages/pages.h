/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every page there is. A page reads the request, calls the store, and writes
 * HTML; who may call it was decided before, by its row in console/routes.c.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_PAGES_PAGES_H
#define RESTANTE_HANDLERS_CONSOLE_PAGES_PAGES_H

struct console;

#define PAGE(name) void page_##name(struct console *c)

PAGE(overview); /* overview.c */
PAGE(new);	/* new.c */
PAGE(create);
PAGE(mailbox); /* mailbox.c */
PAGE(mailbox_save);
PAGE(mailbox_suspend);
PAGE(mailbox_activate);
PAGE(delete); /* delete.c */
PAGE(delete_now);
PAGE(mailbox_undo); /* deleted.c */
PAGE(mailbox_hold);
PAGE(mailbox_release);
PAGE(password); /* password.c */
PAGE(password_change);
PAGE(password_confirm);
PAGE(password_cancel);
PAGE(rekey);
PAGE(recipients); /* recipients.c */
PAGE(reset);	  /* reset.c */
PAGE(reset_now);
PAGE(kept);	/* secret.c */
PAGE(evidence); /* evidence.c */
PAGE(evidence_proof);
PAGE(connect);	/* connect.c */
PAGE(activity); /* activity.c */
PAGE(system);	/* system.c */
PAGE(system_test);
PAGE(login); /* login.c */
PAGE(login_now);
PAGE(logout);
PAGE(account); /* account.c */
PAGE(account_password);
PAGE(account_language);
PAGE(account_end_all);
PAGE(asset); /* asset.c */

#endif
