/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the shell command comes to the store: as its owner, so that every file
 * it makes is the owner's, whoever called. Changes nothing.
 */
#include "common/base.h"
#include "handlers/tool/store.h"

#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <unistd.h>

#include "common/log.h"
#include "handlers/admin/become.h"
#include "handlers/admin/names.h"

/* --- who calls ------------------------------------------------------------ */

/* The user that logged in, whatever became of him since; or none. */
static bool login_user(char *name_r, size_t size)
{
	FILE *f = fopen("/proc/self/loginuid", "re");
	unsigned uid = UINT_MAX;
	struct passwd *pw;

	if (!f)
		return false;
	if (fscanf(f, "%u", &uid) != 1)
		uid = UINT_MAX;
	fclose(f);
	pw = uid == UINT_MAX ? NULL : getpwuid(uid);
	if (pw)
		snprintf(name_r, size, "%s", pw->pw_name);
	return pw != NULL;
}

/*
 * Where the kernel keeps no login uid (in a container), what sudo says to root
 * has to do: nobody but root can say it to root.
 */
static bool sudo_user(char *name_r, size_t size)
{
	const char *name = getuid() == 0 ? getenv("SUDO_USER") : NULL;

	if (!name || !getpwnam(name))
		return false;
	snprintf(name_r, size, "%s", name);
	return true;
}

/*
 * The console says who is signed in to it. Whoever may set that variable is
 * the store's owner, and could write the line by himself.
 */
void tool_learn_caller(struct tool *t)
{
	const char *signed_in = getenv("RESTANTE_CONSOLE_USER");
	struct passwd *pw = getpwuid(getuid());
	char name[40];

	t->from_console = signed_in != NULL;
	if (signed_in)
		snprintf(t->who, sizeof(t->who), "%.90s", signed_in);
	else if (pw)
		snprintf(t->who, sizeof(t->who), "%.40s", pw->pw_name);
	else
		snprintf(t->who, sizeof(t->who), "%u", (unsigned)getuid());
	if (!signed_in &&
	    (login_user(name, sizeof(name)) || sudo_user(name, sizeof(name))) &&
	    strcmp(name, t->who) != 0) {
		size_t n = strlen(t->who);

		snprintf(t->who + n, sizeof(t->who) - n, "/%.40s", name);
	}
}

/* --- its owner ------------------------------------------------------------ */

int tool_become_owner_of(const char *path, struct err *e)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (stat(path, &st) < 0)
		return err_sys(e, "%s", path);
	return st.st_uid == 0 ? 0 : become_user(st.st_uid, st.st_gid, e);
}

int tool_borrow_owner_of(const char *path, struct err *e)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (stat(path, &st) < 0)
		return err_sys(e, "%s", path);
	if (setegid(st.st_gid) < 0 || seteuid(st.st_uid) < 0)
		return err_sys(e, "become uid %u", (unsigned)st.st_uid);
	return 0;
}

void tool_give_back(void)
{
	if (seteuid(getuid()) < 0 || setegid(getgid()) < 0)
		die_bug("uid %u is not to be had again", (unsigned)getuid());
}

/* Said at once and plainly, rather than by the first file that is refused. */
static int check_permission(const char *path, unsigned needs, struct err *e)
{
	struct passwd *pw;
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, "store %s", path);
	if (st.st_uid == geteuid() ||
	    (!(needs & TOOL_CHANGES) && access(path, R_OK | X_OK) == 0))
		return 0;
	pw = getpwuid(st.st_uid);
	err_set(e, ERR_PASSWORD,
		"store %s belongs to %s: run this command as that user or as "
		"root",
		path, pw ? pw->pw_name : "another user");
	return -1;
}

int tool_check_owner(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, "store %s", path);
	if (st.st_uid != 0 || !getpwnam("restante") ||
	    !getpwnam("restante-admin"))
		return 0;
	return err_set(e, ERR_CONFIG,
		       "store %s belongs to root, and sessions, which run as "
		       "restante, can keep nothing in it: chown -R "
		       "restante-admin:restante %s",
		       path, path);
}

bool tool_owns_store(const struct tool *t)
{
	struct stat st;

	return stat(t->conf->store, &st) == 0 && st.st_uid == geteuid();
}

static int find_store(const char *path, struct err *e)
{
	if (access(path, F_OK) == 0)
		return 0;
	return errno == ENOENT
		       ? err_sys(e, "store %s (restante config init makes one)",
				 path)
		       : err_sys(e, "store %s", path);
}

int tool_open_store(struct tool *t, unsigned needs, struct err *e)
{
	if (find_store(t->conf->store, e) < 0 ||
	    tool_become_owner_of(t->conf->store, e) < 0 ||
	    check_permission(t->conf->store, needs, e) < 0)
		return -1;
	t->store = store_open(t->conf->store, e);
	if (!t->store)
		return -1;
	store_set_ledger(t->store, t->conf->ledger.path);
	store_acts_for(t->store, t->who, t->from_console ? "console" : "shell");
	return 0;
}

/* --- mailboxes ------------------------------------------------------------ */

enum { IDS_TOLD = 16 };

static int several_have_it(const char *word, const struct conf_strings *ids,
			   struct err *e)
{
	struct buf list;
	size_t told = ids->n < IDS_TOLD ? ids->n : IDS_TOLD;

	buf_init(&list, IDS_TOLD * (MAILBOX_ID_LEN + 2));
	for (size_t i = 0; i < told; i++)
		if (!buf_addf(&list, "%s%s", i ? ", " : "", ids->list[i]))
			die_bug("an id is too long");
	err_set(e, ERR_STATE,
		"'%s' is the name of %zu mailboxes, say which by its id: "
		"%s%s",
		word, ids->n, list.data, told < ids->n ? ", …" : "");
	buf_release(&list);
	return -1;
}

static int id_of_name(struct store *s, const char *word,
		      char id_r[MAILBOX_ID_LEN + 1], struct err *e)
{
	struct conf_strings ids = {.n = 0};
	int result = names_find(s, word, &ids, e);

	if (result == 0 && ids.n == 0)
		result = err_set(e, ERR_ABSENT,
				 "'%s' is no mailbox: neither an id, mbx- and "
				 "32 hexadecimal digits, nor the name of one "
				 "(restante mailbox list)",
				 word);
	else if (result == 0 && ids.n > 1)
		result = several_have_it(word, &ids, e);
	else if (result == 0)
		memcpy(id_r, ids.list[0], MAILBOX_ID_LEN + 1);
	conf_strings_release(&ids);
	return result;
}

/* A command that has not opened the store may have to stay root. */
static int id_by_borrowing(const struct tool *t, const char *word,
			   char id_r[MAILBOX_ID_LEN + 1], struct err *e)
{
	struct store *s;
	int result;

	if (tool_borrow_owner_of(t->conf->store, e) < 0)
		return -1;
	s = store_open(t->conf->store, e);
	result = s ? id_of_name(s, word, id_r, e) : -1;
	store_free(&s);
	tool_give_back();
	return result;
}

int tool_mailbox_id(struct tool *t, const char *word,
		    char id_r[MAILBOX_ID_LEN + 1], struct err *e)
{
	if (mailbox_id_parse(word, strcspn(word, "@"), id_r))
		return 0;
	return t->store ? id_of_name(t->store, word, id_r, e)
			: id_by_borrowing(t, word, id_r, e);
}

struct mailbox *tool_mailbox(struct tool *t, const char *word, struct err *e)
{
	char id[MAILBOX_ID_LEN + 1];

	if (tool_mailbox_id(t, word, id, e) < 0)
		return NULL;
	return mailbox_open(t->store, id, e);
}

struct walk {
	struct tool *tool;
	int (*each)(const char *id, struct mailbox *m, void *arg,
		    struct err *e);
	void *arg;
	struct err *first;
	bool failed;
};

static int visit(const char *id, void *arg, struct err *e)
{
	struct walk *w = arg;
	struct mailbox *m = mailbox_open(w->tool->store, id, e);
	int result;

	if (!m && e->kind == ERR_ABSENT)
		return 0; /* deleted since the directory was read */
	result = w->each(id, m, w->arg, e);
	mailbox_close(&m);
	if (result == 0)
		return 0;
	log_error("%s", e->text);
	if (!w->failed)
		*w->first = *e;
	w->failed = true;
	return 0;
}

int tool_each_mailbox(struct tool *t,
		      int (*each)(const char *id, struct mailbox *m, void *arg,
				  struct err *e),
		      void *arg, struct err *e)
{
	struct err first;
	struct walk w = {t, each, arg, &first, false};

	if (store_each_mailbox(t->store, visit, &w, e) < 0)
		return -1;
	if (!w.failed)
		return 0;
	return err_set(e, first.kind, "not every mailbox was dealt with");
}
