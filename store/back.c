/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finishes what was killed between its line and its rename. Judges nothing:
 * the line was durable before anything moved, so whoever finds it may go on.
 */
#include "common/base.h"
#include "store/back.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "store/leaving.h"
#include "store/ledger/spool_reader.h"

#define ADMIN_SPOOL "admin.spool"

enum { SPOOLS_TO_SEE = 2 }; /* one may have become full since */

struct back {
	struct listing_entry *entry; /* of gone/ */
	char as[ULID_LEN + 1];
};

struct backs {
	const struct listing *gone;
	struct back *list;
	size_t n;
};

/* Before it can have been taken in two: of two lines the first one counts. */
static void note_back(void *arg, const char *text, size_t n)
{
	struct backs *b = arg;
	struct listing_entry *found;
	struct entry entry;

	if (n < 5 || memcmp(text, "back ", 5) != 0 ||
	    !entry_parse(text, n, &entry) || entry.kind != ENTRY_BACK)
		return;
	found = listing_find(b->gone, entry.change.ulid);
	if (!found || found->mark)
		return;
	b->list = xgrow(b->list, b->n, sizeof(*b->list));
	b->list[b->n].entry = found;
	memcpy(b->list[b->n++].as, entry.change.as, ULID_LEN + 1);
}

/* --- the newest admin.spools -----------------------------------------------
 */

typedef int (*spool_act)(int fd, const char *name,
			 const struct spool_visitor *v, struct err *e);

static int sync_spool(int fd, const char *name,
		      UNUSED const struct spool_visitor *v, struct err *e)
{
	return fsync(fd) < 0 ? err_sys(e, "%s: fsync", name) : 0;
}

static int act_on(const struct mailbox *m, const char *name, spool_act act,
		  const struct spool_visitor *v, struct err *e)
{
	int fd = openat(m->dir, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int result;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "%s", name);
	result = act(fd, name, v, e);
	close(fd);
	return result;
}

/* Full ones are numbered from 1 on without a gap. */
static int count_full(const struct mailbox *m, unsigned *n_r, struct err *e)
{
	char name[32];
	struct stat st;

	*n_r = 0;
	do
		snprintf(name, sizeof(name), ADMIN_SPOOL ".%u", *n_r + 1);
	while (fstatat(m->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && ++*n_r);
	return errno == ENOENT ? 0 : err_sys(e, "%s", name);
}

static int each_spool(const struct mailbox *m, spool_act act,
		      const struct spool_visitor *v, struct err *e)
{
	unsigned full, n;
	char name[32];

	if (count_full(m, &full, e) < 0)
		return -1;
	n = full < SPOOLS_TO_SEE ? 1 : full - SPOOLS_TO_SEE + 2;
	for (; n <= full; n++) {
		snprintf(name, sizeof(name), ADMIN_SPOOL ".%u", n);
		if (act_on(m, name, act, v, e) < 0)
			return -1;
	}
	return act_on(m, ADMIN_SPOOL, act, v, e);
}

int back_read_spools(const struct mailbox *m, const struct spool_visitor *v,
		     struct err *e)
{
	return each_spool(m, spool_read, v, e);
}

/* --- finishing -------------------------------------------------------------
 */

static int finish(const struct mailbox *m, const struct backs *b, struct err *e)
{
	/* Nobody synced them, nor their names, when their writer died. */
	if (each_spool(m, sync_spool, NULL, e) < 0)
		return -1;
	if (fsync(m->dir) < 0)
		return err_sys(e, "mailbox %s: fsync", m->id);
	for (size_t i = 0; i < b->n; i++)
		if (leaving_bring_back(m, b->list[i].entry, b->list[i].as, e) <
		    0)
			return -1;
	log_info("mailbox %s: %zu messages brought back, as an administrator "
		 "had begun to",
		 m->id, b->n);
	return leaving_sync(m, e);
}

int back_finish(const struct mailbox *m, const struct listing *gone,
		size_t *n_r, struct err *e)
{
	struct backs b = {.gone = gone};
	const struct spool_visitor v = {.line = note_back, .arg = &b};
	int result = 0;

	if (gone->n)
		result = back_read_spools(m, &v, e);
	if (result == 0 && b.n)
		result = finish(m, &b, e);
	*n_r = b.n;
	free(b.list);
	return result;
}
