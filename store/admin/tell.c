/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines in the store's own admin.spool: about what is no mailbox's. */
#include "common/base.h"
#include "store/admin/private.h"

#include <sys/file.h>

#include "store/admin/spool.h"

int admin_line_write_of_store(struct admin_line *l, struct store *s,
			      struct err *e)
{
	int result;

	if (admin_lock_for_change(s->dir, s->path, e) < 0) {
		buf_release(&l->text);
		return -1;
	}
	result = admin_line_write(l, s->dir, e);
	flock(s->dir, LOCK_UN);
	return result;
}

int store_tell(struct store *s, const char *kind, const char *what,
	       const char *name, struct err *e)
{
	struct admin_line l;

	admin_line_begin(&l, s, kind, what);
	line_add(&l.w, "name", name);
	return admin_line_write_of_store(&l, s, e);
}
