/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sweeping for those who hold a mailbox already. For the files of store/. */
#ifndef RESTANTE_STORE_SWEEP_H
#define RESTANTE_STORE_SWEEP_H

#include "store/mailbox_private.h"

/* As mailbox_sweep(), for a caller that holds bytes 1 and 2. */
int mailbox_sweep_held(struct mailbox *m, struct sweep_report *report_r,
		       struct err *e) MUST_USE;

#endif
