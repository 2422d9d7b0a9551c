/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The system is asked by doing, not by looking at rights: Landlock, mounts,
 * quotas and other systems' rules have a say as well.
 */
#include "common/base.h"
#include "handlers/doctor/work.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#define AS_WHOM "as the user of the sessions: "

void work_check_configuration(const char *file, struct findings *f)
{
	struct err e;
	struct conf *conf = conf_read(file, &e);

	if (!conf)
		fault(f, file, "chmod 644 on that file, as root", AS_WHOM "%s",
		      e.text);
	else if (conf_check_domain(conf, &e) < 0)
		fault(f, file, "set hostname or domain", "%s", e.text);
	conf_free(&conf);
}

struct look {
	const struct conf *conf;
	struct store *store;
	struct findings *found;
};

static void try_to_write(const struct look *l, const char *id, const char *in)
{
	char path[PATH_MAX];
	struct err e;

	snprintf(path, sizeof(path), "%s/mailboxes/%s/%s", l->conf->store, id,
		 in);
	if (access(path, W_OK | X_OK) == 0)
		return;
	err_sys(&e, AS_WHOM "cannot be written");
	fault(l->found, path,
	      "restante doctor --fix, as root; if rights are right: is the "
	      "file system mounted for writing?",
	      "%s", e.text);
}

/* What a login opens with the password. */
static void try_identity(const struct look *l, const char *id)
{
	char path[PATH_MAX];
	struct stat st;
	struct err e;
	int fd;

	snprintf(path, sizeof(path), "%s/mailboxes/%s/identity.age",
		 l->conf->store, id);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		err_sys(&e, AS_WHOM "cannot be read");
		fault(l->found, path,
		      "restante doctor --fix, as root; if it is gone: from a "
		      "backup (docs/backup.md); without it nobody opens the "
		      "mail of this mailbox by password",
		      "%s", e.text);
		return;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		fault(l->found, path, "from a backup (docs/backup.md)",
		      "is empty, or no regular file");
	close(fd);
}

static int look_at(const char *id, void *arg, struct err *e)
{
	static const char *const written[] = {"tmp", "cur", "gone", "spool"};
	struct look *l = arg;
	struct mailbox *m = mailbox_open(l->store, id, e);

	if (!m && e->kind == ERR_ABSENT)
		return 0; /* deleted since the directory was read */
	if (!m)
		fault(l->found, id,
		      e->kind == ERR_CONFIG ? NULL
					    : "restante doctor --fix, as root",
		      AS_WHOM "%s", e->text);
	mailbox_close(&m);
	for (size_t i = 0; i < N_ELEMENTS(written); i++)
		try_to_write(l, id, written[i]);
	try_identity(l, id);
	return 0;
}

static void check_runtime(const struct conf *conf, struct findings *f)
{
	struct err e;

	if (access(conf->runtime, W_OK | X_OK) == 0)
		return;
	err_sys(&e, AS_WHOM "cannot be written");
	fault(f, conf->runtime, "systemd-tmpfiles --create restante.conf", "%s",
	      e.text);
}

void work_check_store(const struct conf *conf, struct store *s,
		      struct findings *f)
{
	struct look l = {conf, s, f};
	struct err e;

	check_runtime(conf, f);
	if (store_each_mailbox(s, look_at, &l, &e) < 0)
		fault(f, conf->store, "restante doctor --fix, as root",
		      AS_WHOM "%s", e.text);
}
