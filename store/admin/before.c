/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which format a mailbox is of. Changes nothing. */
#include "common/base.h"
#include "store/admin/before.h"

#include <fcntl.h>
#include <unistd.h>

static bool has(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* One of format 2 that lost gone/ in a copy has `uids`, and no index/. */
bool mailbox_is_of_before(int dir)
{
	return !has(dir, "gone") && (has(dir, "index") || !has(dir, "uids"));
}
