/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks into the ledger's folder. Changes nothing. */
#include "common/base.h"
#include "store/entered.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/iso_time.h"
#include "common/log.h"
#include "common/read_all.h"
#include "store/ledger/looked.h"
#include "store/store.h"

enum { DAY_LEN = 10 }; /* 2026-11-30 */

void store_set_ledger(struct store *s, const char *path)
{
	free(s->ledger);
	s->ledger = xstrdup(path);
}

static int open_place(const struct store *s)
{
	return open(s->ledger, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool is_not_there(void)
{
	return errno == ENOENT || errno == ENOTDIR;
}

/* --- places ----------------------------------------------------------------
 */

static int open_regular(int dir, const char *path)
{
	int fd = openat(dir, path,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* None where it cannot be read: it was not written yet, or is torn. */
static void read_places(int dir, const char *id, struct places *p)
{
	char path[MAILBOX_ID_LEN + sizeof("/" PLACES_FILE)];
	struct buf text;
	int fd;

	snprintf(path, sizeof(path), "%s/" PLACES_FILE, id);
	fd = open_regular(dir, path);
	if (fd < 0)
		return;
	buf_init(&text, PLACES_OCTETS_MAX);
	if (read_all(fd, &text) < 0 || !places_parse(text.data, text.len, p))
		log_warn("ledger %s: " PLACES_FILE " is not whole", id);
	buf_release(&text);
	close(fd);
}

void entered_read(const struct mailbox *m, struct entered *e_r)
{
	int dir;

	e_r->at_work = false;
	e_r->places.n = 0;
	if (!m->store->ledger)
		return;
	dir = open_place(m->store);
	e_r->at_work = dir < 0 ? !is_not_there()
			       : faccessat(dir, "key", F_OK, 0) == 0 ||
					 !is_not_there();
	if (dir < 0)
		return;
	if (e_r->at_work)
		read_places(dir, m->id, &e_r->places);
	close(dir);
}

/* --- what it has found ------------------------------------------------------
 */

bool mailbox_looked(const struct mailbox *m, struct looked *l_r)
{
	int place = m->store->ledger ? open_place(m->store) : -1, dir = -1;
	bool has_looked;

	if (place >= 0)
		dir = openat(place, m->id,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	has_looked = dir >= 0 && looked_read(dir, l_r);
	if (dir >= 0)
		close(dir);
	if (place >= 0)
		close(place);
	return has_looked;
}

/* --- sessions --------------------------------------------------------------
 */

/* "2026-11-30.1", of that day or after it. */
static bool is_wanted(const char *name, const char *since)
{
	return strlen(name) > DAY_LEN && name[DAY_LEN] == '.' &&
	       strncmp(name, since, DAY_LEN) >= 0;
}

static int read_one(int dir, const char *name, const struct spool_visitor *v,
		    struct err *e)
{
	int fd = open_regular(dir, name), result;

	if (fd < 0)
		return 0; /* its days are over, just now */
	result = spool_read(fd, "activity", v, e);
	close(fd);
	return result;
}

static int read_days(int dir, const char *since, const struct spool_visitor *v,
		     struct err *e)
{
	DIR *d = fdopendir(dir);
	const struct dirent *entry;
	int result = 0;

	if (!d) {
		close(dir);
		return err_sys(e, "ledger: activity");
	}
	while (result == 0 && (entry = readdir(d)))
		if (is_wanted(entry->d_name, since))
			result = read_one(dirfd(d), entry->d_name, v, e);
	closedir(d);
	return result;
}

int entered_sessions(const struct mailbox *m, int64_t since,
		     const struct spool_visitor *v, struct err *e)
{
	char path[MAILBOX_ID_LEN + sizeof("/activity")];
	char day[ISO_TIME_LEN + 1];
	int place, dir;

	if (!m->store->ledger)
		return 0;
	place = open_place(m->store);
	if (place < 0)
		return is_not_there() ? 0 : err_sys(e, "%s", m->store->ledger);
	snprintf(path, sizeof(path), "%s/activity", m->id);
	dir = openat(place, path,
		     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	close(place);
	if (dir < 0)
		return is_not_there() ? 0 : err_sys(e, "ledger: %s", path);
	iso_time_write(since, day);
	return read_days(dir, day, v, e);
}
