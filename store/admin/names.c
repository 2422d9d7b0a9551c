/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names of mailboxes, which nothing keeps apart but that they are given one
 * after the other. Reads and writes nothing.
 */
#include "common/base.h"
#include "store/admin/private.h"

#include <sys/file.h>

int store_hold_names(struct store *s, struct err *e)
{
	return flock(s->mailboxes, LOCK_EX) < 0
		       ? err_sys(e, "%s/mailboxes: flock", s->path)
		       : 0;
}

void store_let_names_go(struct store *s)
{
	flock(s->mailboxes, LOCK_UN);
}
