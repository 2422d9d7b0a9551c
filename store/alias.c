/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Aliases: symbolic links in aliases/, made by the store's owner, that say
 * which mailbox is meant. Nothing is opened through one.
 */
#include "common/base.h"
#include "store/mailbox_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* False: it is no link of ours. */
static bool read_target(const char *text, size_t n,
			char id_r[MAILBOX_ID_LEN + 1])
{
	static const char before[] = ALIAS_TARGET;
	const size_t n_before = sizeof(before) - 1;

	return n > n_before && memcmp(text, before, n_before) == 0 &&
	       mailbox_id_parse(text + n_before, n - n_before, id_r);
}

int store_alias_id(const struct store *s, const char *alias,
		   char id_r[MAILBOX_ID_LEN + 1], struct err *e)
{
	char path[sizeof("aliases/") + MAILBOX_ALIAS_LEN];
	char target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "aliases/%s", alias);
	n = readlinkat(s->dir, path, target, sizeof(target));
	if (n < 0 && errno != ENOENT)
		return err_sys(e, "store %s: %s", s->path, path);
	if (n < 0 || !read_target(target, (size_t)n, id_r))
		return err_set(e, ERR_ABSENT, "alias %s does not exist", alias);
	return 0;
}

static int is_alias(const struct dirent *d)
{
	char alias[MAILBOX_ALIAS_LEN + 1];

	return mailbox_alias_parse(d->d_name, strlen(d->d_name), alias) &&
	       strcmp(alias, d->d_name) == 0;
}

int store_alias_of(const struct store *s, const char *id,
		   char alias_r[MAILBOX_ALIAS_LEN + 1], struct err *e)
{
	struct dirent **list;
	int n = scandirat(s->dir, "aliases", &list, is_alias, alphasort);
	char found[MAILBOX_ID_LEN + 1];

	alias_r[0] = '\0';
	if (n < 0)
		return errno == ENOENT
			       ? 0
			       : err_sys(e, "store %s: aliases", s->path);
	for (int i = 0; i < n; i++) {
		if (!alias_r[0] &&
		    store_alias_id(s, list[i]->d_name, found, e) == 0 &&
		    strcmp(found, id) == 0)
			(void)mailbox_alias_parse(list[i]->d_name,
						  MAILBOX_ALIAS_LEN, alias_r);
		free(list[i]);
	}
	free(list);
	return 0;
}
