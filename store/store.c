/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store as a whole: is it ours, is it mounted, is there room, which
 * mailboxes has it. Never looks inside a mailbox.
 */
#include "common/base.h"
#include "store/store.h"

#include <sys/statvfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "store/account.h"
#include "store/mailbox_private.h"

static const char format_line[] = "restante 2\n";

/*
 * The file `format` says that this is a store and of which kind. Where it
 * cannot be read, the store may just not be mounted: temporary, and nothing
 * in it may be called absent.
 */
static int check_format(const struct store *s, struct err *e)
{
	char text[32] = "";
	int fd = openat(s->dir, "format", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0) {
		err_sys(e, "store %s: format (is the store mounted?)", s->path);
		e->kind = ERR_TEMP;
		return -1;
	}
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0) {
		err_sys(e, "store %s: format", s->path);
		close(fd);
		return -1;
	}
	close(fd);
	if (strcmp(text, format_line) != 0)
		return err_set(e, ERR_CONFIG,
			       "store %s: format is not \"restante 2\"",
			       s->path);
	return 0;
}

static int open_directory(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_directories(struct store *s, struct err *e)
{
	s->dir = open_directory(AT_FDCWD, s->path);
	if (s->dir < 0)
		return err_sys(e, "store %s", s->path);
	if (check_format(s, e) < 0)
		return -1;
	s->mailboxes = open_directory(s->dir, "mailboxes");
	if (s->mailboxes < 0)
		return err_sys(e, "store %s: mailboxes", s->path);
	return 0;
}

struct store *store_open(const char *path, struct err *e)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->path = xstrdup(path);
	s->dir = s->mailboxes = -1;
	if (open_directories(s, e) < 0)
		store_free(&s);
	return s;
}

void store_free(struct store **s)
{
	if (!*s)
		return;
	if ((*s)->mailboxes >= 0)
		close((*s)->mailboxes);
	if ((*s)->dir >= 0)
		close((*s)->dir);
	accounts_free(*s);
	free((*s)->who);
	free((*s)->how);
	free((*s)->ledger);
	free((*s)->path);
	free(*s);
	*s = NULL;
}

void store_set_reserve(struct store *s, uint64_t octets)
{
	s->reserve = octets;
}

int store_room(const struct store *s, uint64_t octets, struct err *e)
{
	struct statvfs v;
	uint64_t available;

	if (fstatvfs(s->dir, &v) < 0)
		return err_sys(e, "store %s: free space", s->path);
	available = (uint64_t)v.f_bavail * v.f_frsize;
	if (available < s->reserve || available - s->reserve < octets)
		return err_set(e, ERR_FULL,
			       "store %s: %llu octets free, of which %llu are "
			       "in reserve",
			       s->path, (unsigned long long)available,
			       (unsigned long long)s->reserve);
	return 0;
}

static int is_mailbox(const struct dirent *d)
{
	char id[MAILBOX_ID_LEN + 1];

	return mailbox_id_parse(d->d_name, strlen(d->d_name), id) &&
	       strcmp(id, d->d_name) == 0;
}

int store_each_mailbox(struct store *s,
		       int (*each)(const char *id, void *arg, struct err *e),
		       void *arg, struct err *e)
{
	struct dirent **list;
	int n = scandirat(s->dir, "mailboxes", &list, is_mailbox, alphasort);
	int result = 0;

	if (n < 0)
		return err_sys(e, "store %s: mailboxes", s->path);
	for (int i = 0; i < n; i++) {
		if (result == 0)
			result = each(list[i]->d_name, arg, e);
		free(list[i]);
	}
	free(list);
	return result;
}
