/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Deleting a mailbox: only a suspended one, with nobody in it, and never with
 * more messages than somebody has agreed to.
 */
#include "common/base.h"
#include "store/admin/private.h"

#include "store/admin/spool.h"
#include "store/remove_tree.h"

/* In the store's own spool: the mailbox's goes with it. */
static int write_line(const struct mailbox *m, uint64_t messages, struct err *e)
{
	struct admin_line l;

	admin_line_begin(&l, m->store, "deleted", "delete");
	line_add(&l.w, "mailbox", m->id);
	line_add_number(&l.w, "messages", messages);
	return admin_line_write_of_store(&l, m->store, e);
}

/*
 * Away by one rename: from here on nobody finds it. Counted again, for a last
 * message may have come while the locks were being had.
 */
static int rename_away(struct mailbox *m, uint64_t messages, const char *gone,
		       struct err *e)
{
	int mailboxes = m->store->mailboxes;
	struct err back;
	uint64_t found = 0;

	if (admin_rename(mailboxes, m->id, gone, e) < 0)
		return -1;
	if (mailbox_count(m, &found, e) == 0 && found <= messages)
		return 0;
	if (found > messages)
		err_set(e, ERR_STATE,
			"mailbox %s holds %ju messages, more than the %ju that "
			"were confirmed; nothing was deleted",
			m->id, (uintmax_t)found, (uintmax_t)messages);
	if (admin_rename(mailboxes, gone, m->id, &back) < 0)
		err_prefix(e, "%s", back.text);
	return -1;
}

int mailbox_delete(struct mailbox **m_r, uint64_t messages, struct err *e)
{
	struct mailbox *m = *m_r;
	char gone[MAILBOX_ID_LEN + 16];
	int result;

	if (admin_begin(m, e) < 0)
		return -1;
	snprintf(gone, sizeof(gone), ".gone-%s", m->id);
	if (admin_claim(m, messages, e) < 0 || write_line(m, messages, e) < 0 ||
	    rename_away(m, messages, gone, e) < 0) {
		admin_end(m);
		return -1;
	}
	/* The directory stays locked meanwhile: store_tidy() keeps out. */
	result = admin_unlink_alias(m->store, m->id, e);
	if (result == 0)
		result = remove_tree(m->store->mailboxes, gone, e);
	if (result < 0)
		err_prefix(e, "mailbox %s is deleted, but not all of its files",
			   m->id);
	mailbox_close(m_r);
	return result;
}
