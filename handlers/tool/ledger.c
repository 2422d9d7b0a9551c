/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens the directories of ledgers. Writes nothing, ever. */
#include "common/base.h"
#include "handlers/tool/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "handlers/tool/store.h"

static int say_why(const char *path, struct err *e)
{
	if (errno == EACCES)
		return err_set(e, ERR_PASSWORD,
			       "%s: ledgers are read by root and by "
			       "restante-admin alone: run this as one of them",
			       path);
	return err_open(e, "%s", path);
}

int tool_ledger_place(struct tool *t, struct err *e)
{
	const char *path = t->conf->ledger.path;
	int fd;

	if (tool_become_owner_of(t->conf->store, e) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? say_why(path, e) : fd;
}

bool tool_ledger_is_name(const char *text, char name_r[TOOL_LEDGER_NAME_SIZE])
{
	if (strcmp(text, "host") == 0) {
		memcpy(name_r, text, sizeof("host"));
		return true;
	}
	return mailbox_id_parse(text, strcspn(text, "@"), name_r);
}

int tool_ledger_name(struct tool *t, const char *word,
		     char name_r[TOOL_LEDGER_NAME_SIZE], struct err *e)
{
	if (tool_ledger_is_name(word, name_r))
		return 0;
	return tool_mailbox_id(t, word, name_r, e);
}

int tool_ledger_folder(int place, const char *name, struct err *e)
{
	int fd = openat(place, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_ABSENT,
			       "%s has no ledger yet (ledger --once makes one)",
			       name);
	return fd < 0 ? say_why(name, e) : fd;
}

int tool_ledger_of(struct tool *t, const char *word, struct err *e)
{
	char name[TOOL_LEDGER_NAME_SIZE];
	int place, fd;

	if (tool_ledger_name(t, word, name, e) < 0)
		return -1;
	place = tool_ledger_place(t, e);
	if (place < 0)
		return -1;
	fd = tool_ledger_folder(place, name, e);
	close(place);
	return fd;
}
