/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What counts of a ledger that lies on the disk, from its first entry to its
 * last. Whether it is what was signed store/ledger/check.h tells.
 */
#ifndef RESTANTE_STORE_LEDGER_JUDGE_ALL_H
#define RESTANTE_STORE_LEDGER_JUDGE_ALL_H

#include "common/err.h"
#include "store/ledger/judge.h"

/* Of the ledger in dir. look: what handlers say as well, see judge_look(). */
int judge_all(int dir, bool look,
	      void (*each)(void *arg, const struct judged *j), void *arg,
	      struct err *e) MUST_USE;

#endif
