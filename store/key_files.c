/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading sealed keys. Opens none of them. */
#include "common/base.h"
#include "store/key_files.h"

#include <errno.h>
#include <unistd.h>

int key_file_read(const struct mailbox *m, const char *name, struct buf *out,
		  struct err *e)
{
	struct stat ignored;

	return mailbox_read_file(m, name, out, &ignored, e);
}

int key_file_read_if_there(const struct mailbox *m, const char *name,
			   struct buf *out, struct err *e)
{
	if (key_file_read(m, name, out, e) == 0 || e->kind == ERR_ABSENT)
		return 0;
	return -1;
}

int key_files_unfinished(const struct mailbox *m, struct err *e)
{
	if (faccessat(m->dir, KEY_RESET_MARK, F_OK, 0) == 0)
		return err_set(e, ERR_TEMP,
			       "mailbox %s: its reset was not completed: reset "
			       "it once more",
			       m->id);
	return errno == ENOENT
		       ? 0
		       : err_sys(e, "mailbox %s: " KEY_RESET_MARK, m->id);
}
