/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the system's list of users. Changes who this process is, if told to. */
#include "common/base.h"
#include "handlers/doctor/people.h"

#include <sys/stat.h>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "handlers/admin/become.h"

enum { GROUPS_MAX = 64 };

#define MAKE_USERS "systemd-sysusers restante.conf"

static uid_t find_user(const char *name, uid_t otherwise, struct findings *f)
{
	const struct passwd *pw = getpwnam(name);

	if (pw)
		return pw->pw_uid;
	fault(f, name, MAKE_USERS, "there is no such user on this host");
	return otherwise;
}

static bool is_member(const char *name, gid_t group)
{
	const struct passwd *pw = getpwnam(name);
	gid_t list[GROUPS_MAX];
	int n = GROUPS_MAX;

	if (!pw || getgrouplist(name, pw->pw_gid, list, &n) < 0)
		return !pw; /* that was told */
	for (int i = 0; i < n; i++)
		if (list[i] == group)
			return true;
	return false;
}

static void check_member(const char *name, gid_t group, struct findings *f)
{
	if (!is_member(name, group))
		fault(f, name, MAKE_USERS,
		      "is no member of group restante, by which it shares "
		      "files with the handlers");
}

static void find_three(const struct passwd *handlers, struct people *p,
		       struct findings *f)
{
	const struct group *gr = getgrnam("restante");

	p->handlers = handlers->pw_uid;
	p->group = gr ? gr->gr_gid : handlers->pw_gid;
	p->admin = find_user("restante-admin", p->handlers, f);
	p->ledger = find_user("restante-ledger", p->admin, f);
	check_member("restante-admin", p->group, f);
	check_member("restante-ledger", p->group, f);
}

/* A store of somebody else is an instance of his own, whoever else is here. */
static bool is_of_the_system(uid_t owner, const struct passwd *handlers)
{
	const struct passwd *admin;

	if (owner == 0 || owner == handlers->pw_uid)
		return true;
	admin = getpwnam("restante-admin");
	return admin && admin->pw_uid == owner;
}

int people_find(const struct conf *conf, struct people *p_r, struct findings *f,
		struct err *e)
{
	const struct passwd *found = getpwnam("restante");
	struct passwd handlers;
	struct stat st;

	if (stat(conf->store, &st) < 0)
		return err_sys(e, "store %s (restante config init makes one)",
			       conf->store);
	*p_r = (struct people){true, st.st_uid, st.st_uid, st.st_uid,
			       st.st_gid};
	if (!found)
		return 0;
	handlers = *found; /* its numbers; the next call takes its texts */
	if (!is_of_the_system(st.st_uid, &handlers))
		return 0;
	p_r->is_one = false;
	find_three(&handlers, p_r, f);
	return 0;
}

bool people_become_handlers(const struct people *p)
{
	struct err e;

	if (geteuid() == p->handlers)
		return true;
	return geteuid() == 0 && become_user(p->handlers, p->group, &e) == 0;
}
