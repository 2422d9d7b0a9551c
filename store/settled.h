/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state of a mailbox's messages for whoever decides on them: nothing is
 * left half done by somebody else.
 */
#ifndef RESTANTE_STORE_SETTLED_H
#define RESTANTE_STORE_SETTLED_H

#include "store/leaving.h"

/*
 * Both listings, marked and carried through, in one go; what an administrator
 * had begun to bring back is brought back.
 */
int settled_scan(struct mailbox *m, int64_t end, struct listing *cur_r,
		 struct listing *gone_r, struct leaving_report *report_r,
		 struct err *e) MUST_USE;

#endif
