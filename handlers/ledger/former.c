/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moves and removes whole ledgers. Nothing that was moved is written again. */
#include "common/base.h"
#include "handlers/ledger/former.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/random_id.h"
#include "handlers/ledger/files.h"
#include "store/expiry.h"
#include "store/fault.h"
#include "store/ledger/former_name.h"
#include "store/ledger/looked.h"
#include "store/ledger/places.h"
#include "store/remove_tree.h"

/* --- moving ----------------------------------------------------------------
 */

/* What stands for the former one alone; the sessions go on. */
static const char *const files[] = {"entries",	  "offsets",  "tiles",
				    "checkpoint", "vkey",     PLACES_FILE,
				    EXPIRY_FILE,  LOOKED_FILE};

static bool has(int dir, const char *path)
{
	return faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * Where the former one lies there already, another was begun in its place and
 * is known to nobody any more: that goes under the name of the one that goes
 * on, from its first file to its last.
 */
static void choose_name(int dir, int former, const struct memory *m,
			char name_r[FORMER_NAME_SIZE])
{
	char own[FORMER_NAME_SIZE], entries[FORMER_NAME_SIZE + 16];

	former_name("", m->origin, own);
	former_name(m->before.origin, m->origin, name_r);
	snprintf(entries, sizeof(entries), "%s/%s", name_r, files[0]);
	if (has(former, own) || (has(former, entries) && has(dir, files[0])))
		memcpy(name_r, own, sizeof(own));
}

static int make_folder(int dir, const struct memory *m, struct err *e)
{
	int former = files_directory(dir, FORMER_DIRECTORY, 0750, e);
	char name[FORMER_NAME_SIZE];
	int fd;

	if (former < 0)
		return -1;
	choose_name(dir, former, m, name);
	fd = files_directory(former, name, 0750, e);
	if (fd >= 0 && (files_sync_parent(fd, name, e) < 0 ||
			files_sync_parent(former, FORMER_DIRECTORY, e) < 0)) {
		close(fd);
		fd = -1;
	}
	close(former);
	return fd;
}

int former_open(int dir, const struct memory *m, struct err *e)
{
	int fd = former_folder(dir, m->before.origin, m->origin);

	return fd < 0 ? err_open(e, "ledger: " FORMER_DIRECTORY) : fd;
}

static int move_files(int dir, int to, struct err *e)
{
	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		if (renameat(dir, files[i], to, files[i]) < 0 &&
		    errno != ENOENT)
			return err_sys(e, "ledger: %s", files[i]);
		fault_point("former.moved");
	}
	if (fsync(to) < 0 || fsync(dir) < 0)
		return err_sys(e, "ledger: fsync");
	return 0;
}

int former_move(int dir, const struct memory *m, struct err *e)
{
	int to = make_folder(dir, m, e), result;

	if (to < 0)
		return -1;
	result = move_files(dir, to, e);
	close(to);
	return result;
}

/* --- dropping --------------------------------------------------------------
 */

int former_drop(const struct ledger_place *p, const char *name, struct err *e)
{
	if (remove_tree(p->dir, name, e) < 0)
		return -1;
	if (fsync(p->dir) < 0)
		return err_sys(e, "ledger: fsync");
	fault_point("former.gone");
	if ((unlinkat(p->memory, name, 0) < 0 && errno != ENOENT) ||
	    fsync(p->memory) < 0)
		return err_sys(e, "ledger: memory/%s", name);
	return 0;
}
