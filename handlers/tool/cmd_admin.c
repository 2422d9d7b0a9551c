/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may sign in to the console. Their file belongs to the console's user:
 * root becomes that user before it is touched.
 */
#include "common/base.h"
#include "handlers/tool/command.h"

#include <libgen.h>
#include <limits.h>

#include "common/random_id.h"
#include "handlers/admin/admins.h"
#include "handlers/tool/ask.h"
#include "handlers/tool/store.h"

/* The owner of the directory that the file is in, who may not have it yet. */
static int become_owner(const struct tool *t, struct err *e)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", t->conf->console.admins);
	if (tool_become_owner_of(dirname(path), e) < 0)
		return err_prefix(e, "console.admins (systemd-tmpfiles "
				     "--create restante.conf makes its "
				     "directory)");
	return 0;
}

/* And the store, whose admin.spool tells of the change. */
static int open_for_change(struct tool *t, struct err *e)
{
	if (become_owner(t, e) < 0)
		return -1;
	return tool_open_store(t, TOOL_CHANGES, e);
}

static int get_password(bool one_time, struct secret *password_r, struct err *e)
{
	if (!one_time)
		return tool_read_password("New password: ", password_r, e);
	password_new(password_r);
	return 0;
}

static int write_one_time_password(struct tool *t, const struct tool_args *a,
				   int (*write)(const char *file,
						struct store *s,
						const char *name,
						const struct secret *password,
						bool one_time, struct err *e),
				   struct err *e)
{
	bool one_time = tool_has(a, "one-time");
	struct secret password = SECRET_EMPTY;
	int result;

	if (open_for_change(t, e) < 0)
		return -1;
	result = get_password(one_time, &password, e);
	if (result == 0)
		result = write(t->conf->console.admins, t->store, a->words[0],
			       &password, one_time, e);
	if (result == 0 && one_time)
		result = tool_show_password(&password, e);
	secret_release(&password);
	return result;
}

TOOL_RUN(admin_add)
{
	return write_one_time_password(t, a, admins_add, e);
}

TOOL_RUN(admin_passwd)
{
	return write_one_time_password(t, a, admins_set_password, e);
}

static void print_admin(const struct admin *admin, void *arg UNUSED)
{
	printf("%s%s\n", admin->name,
	       admin->one_time ? "\tone-time password" : "");
}

TOOL_RUN(admin_list)
{
	(void)a;
	if (become_owner(t, e) < 0)
		return -1;
	return admins_each(t->conf->console.admins, print_admin, NULL, e);
}

TOOL_RUN(admin_remove)
{
	if (open_for_change(t, e) < 0)
		return -1;
	return admins_remove(t->conf->console.admins, t->store, a->words[0], e);
}
