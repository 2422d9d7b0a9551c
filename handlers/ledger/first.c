/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks, and decides nothing. */
#include "common/base.h"
#include "handlers/ledger/first.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mailbox_id.h"
#include "handlers/ledger/succeed.h"

enum { HOUR = 3600 };

static bool is_first(const struct book *b)
{
	return b->is_new && b->memory.stage == MEMORY_SETTLED;
}

/*
 * The host's ledger is long, and new mailboxes are many: it is read for one
 * that is older than the hour in which it hears of each, or that has entries.
 */
int first_check(const struct sequence_run *r, const struct book *b,
		int64_t created, struct err *e)
{
	struct checkpoint c;
	int known;

	if (!is_first(b) || (r->now - created < HOUR && !book_has_entries(b)))
		return 0;
	known = succeed_host_knows(r, b->name, NULL, &c, e);
	if (known <= 0)
		return known;
	return err_set(e, ERR_DAMAGED,
		       "ledger %s: the host's ledger knows %s, and it is not "
		       "there (restante ledger resume)",
		       b->name, c.origin);
}

/* The memory of a mailbox whose checkpoint stood in the host's ledger. */
static bool has_told_host(const struct ledger_place *p, const char *name)
{
	char id[MAILBOX_ID_LEN + 1];
	struct memory *m;
	struct err e;
	bool told;

	if (!mailbox_id_parse(name, strlen(name), id))
		return false;
	m = xmalloc(sizeof(*m));
	told = book_memory(p, name, m, &e) == 0 && m->host_size > 0;
	free(m);
	return told;
}

int first_check_host(const struct book *b, struct err *e)
{
	const struct dirent *entry;
	bool told = false;
	int fd;
	DIR *d;

	if (!is_first(b))
		return 0;
	fd = openat(b->place->memory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			close(fd);
		return err_sys(e, "ledger: memory/");
	}
	while (!told && (entry = readdir(d)))
		told = has_told_host(b->place, entry->d_name);
	closedir(d);
	if (!told)
		return 0;
	return err_set(e, ERR_DAMAGED,
		       "ledger host: checkpoints of mailboxes stood in it, and "
		       "it is not there (restante ledger resume host)");
}
