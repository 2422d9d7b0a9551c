/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hands a reader's lines to a judge. Decides nothing. */
#include "common/base.h"
#include "store/ledger/judge_all.h"

#include "store/ledger/reader.h"

static bool judge_one(void *arg, uint64_t i, uint64_t at, const char *text,
		      size_t n)
{
	judge_line(arg, i, at, text, n);
	return true;
}

int judge_all(int dir, bool look,
	      void (*each)(void *arg, const struct judged *j), void *arg,
	      struct err *e)
{
	struct judge *j;
	struct ledger l;
	int64_t n;

	if (ledger_open(dir, &l, e) < 0)
		return -1;
	j = judge_new(each, arg);
	judge_look(j, look);
	n = ledger_each(&l, judge_one, j, e);
	if (n >= 0)
		judge_end(j);
	judge_free(&j);
	ledger_close(&l);
	return n < 0 ? -1 : 0;
}
