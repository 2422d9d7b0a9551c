/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sweeping for those who hold a mailbox already. For the files of store/. */
#ifndef RESTANTE_STORE_SWEEP_SWEEP_H
#define RESTANTE_STORE_SWEEP_SWEEP_H

#include "store/mailbox_private.h"

/* As mailbox_sweep(), for a caller that holds bytes 1 and 2. */
int mailbox_sweep_held(struct mailbox *m, struct sweep_report *report_r,
		       struct err *e) MUST_USE;

/*
 * Tickets alone, and what was begun: nothing in gone/ goes. For an undo, which
 * leaves alone what has a ticket still.
 */
int mailbox_sweep_tickets_held(struct mailbox *m, struct err *e) MUST_USE;

#endif
