/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The groups first: afterwards they could not be changed. */
#include "common/base.h"
#include "handlers/admin/become.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

int become_user(uid_t uid, gid_t group, struct err *e)
{
	const struct passwd *pw = getpwuid(uid);
	gid_t gid = pw ? pw->pw_gid : group;

	if (pw ? initgroups(pw->pw_name, gid) : setgroups(1, &gid))
		return err_sys(e, "groups of uid %u", (unsigned)uid);
	if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return err_sys(e, "become uid %u", (unsigned)uid);
	return 0;
}
