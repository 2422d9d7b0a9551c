/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Entering and leaving the index: byte 0, the marker, recovery, rebuilding,
 * and the environment. The only file that calls a DB_ENV method. What is done
 * inside stands in index_records.c.
 */
#include "common/base.h"
#include "store/index.h"

#include <sys/stat.h>
#include <sys/time.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/log.h"
#include "common/num.h"
#include "store/fault.h"

enum {
	WATCHDOG_SECONDS = 5,
	MESSAGES_PER_SECOND = 1000, /* that a rebuild is sure to manage */
	ATTEMPTS_MAX = 2,	    /* recoveries before a rebuild */
	CACHE_SIZE = 512 * 1024,
	LOG_MAX = 1024 * 1024,
	LOG_BUFFER = 64 * 1024,
	TRANSACTIONS_MAX = 16,
	CHECKPOINT_KIB = 256,
	PAGE_SIZE = 4096,
	/* Becomes 2770 by the directory it is made in. To ask for the group bit
	 * is EPERM in a unit with RestrictSUIDSGID=. */
	DIRECTORY = 0770,
};

#define FIRST_REGION "__db.001"
#define ASIDE	     "aside" /* the index before the last rebuild, kept once */

enum index_plan { PLAN_JOIN, PLAN_RECOVER, PLAN_REBUILD };

/* --- errors ------------------------------------------------------------------
 */

int index_error(const struct index *ix, const char *what, int code,
		struct err *e)
{
	enum err_kind kind =
		code == ENOSPC || code == EDQUOT ? ERR_FULL : ERR_TEMP;

	return err_set(e, kind, "mailbox %s: index: %s: %s%s%s",
		       ix->mailbox->id, what, db_strerror(code),
		       *ix->db_text ? ": " : "", ix->db_text);
}

static int index_sys(const struct index *ix, const char *what, struct err *e)
{
	return err_sys(e, "mailbox %s: index: %s", ix->mailbox->id, what);
}

/* Berkeley DB writes to fd 2 by default, which may be a mail server. */
static void note_db_error(const DB_ENV *env, UNUSED const char *prefix,
			  const char *text)
{
	struct index *ix = env->app_private;

	snprintf(ix->db_text, sizeof(ix->db_text), "%s", text);
}

static void ignore_db_message(UNUSED const DB_ENV *env, UNUSED const char *text)
{
}

/* --- signals and the watchdog --------------------------------------------- */

static void end_hanging_holder(UNUSED int signal_number)
{
	_exit(EX_TEMPFAIL);
}

static void set_watchdog(unsigned seconds)
{
	const struct itimerval t = {.it_value.tv_sec = (time_t)seconds};

	setitimer(ITIMER_REAL, &t, NULL);
}

void index_more_time(UNUSED struct index *ix, size_t n_messages)
{
	set_watchdog(WATCHDOG_SECONDS +
		     (unsigned)(n_messages / MESSAGES_PER_SECOND));
}

/* Nothing but KILL and the watchdog interrupts one who is inside. */
static void hold_signals(struct index *ix)
{
	struct sigaction end = {.sa_handler = end_hanging_holder};
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGALRM);
	sigaction(SIGALRM, &end, &ix->old_alarm);
	pthread_sigmask(SIG_SETMASK, &all, &ix->old_mask);
	set_watchdog(WATCHDOG_SECONDS);
}

static void release_signals(struct index *ix)
{
	set_watchdog(0);
	sigaction(SIGALRM, &ix->old_alarm, NULL);
	pthread_sigmask(SIG_SETMASK, &ix->old_mask, NULL);
}

/* --- what the marker says ------------------------------------------------- */

/* Unreadable (ProcSubset=pid): zero, which equals no boot and so recovers. */
static bool read_boot_id(uint8_t id_r[16])
{
	char text[64], hex[33];
	size_t n_hex = 0;
	ssize_t n;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	memset(id_r, 0, 16);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text));
	close(fd);
	for (ssize_t i = 0; i < n && n_hex < 32; i++)
		if (text[i] != '-')
			hex[n_hex++] = text[i];
	return num_parse_hex(hex, n_hex, id_r, 16);
}

/* The directory is made by whoever may: the administrator, in his own store. */
static int open_index_directory(const struct index *ix, struct err *e)
{
	int at = ix->mailbox->dir;
	int fd = openat(at, "index", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && mkdirat(at, "index", DIRECTORY) == 0)
		fd = openat(at, "index", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return index_sys(ix,
				 "open (`restante sweep` makes it where it is "
				 "missing)",
				 e);
	return fd;
}

static bool same_place(const struct marker *m, const struct stat *lock,
		       const struct stat *index)
{
	return m->lock_dev == lock->st_dev && m->lock_ino == lock->st_ino &&
	       m->index_dev == index->st_dev && m->index_ino == index->st_ino;
}

static bool is_there(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, 0) == 0;
}

/*
 * The inode of a directory that was deleted may be given to its successor: so
 * what the marker promises must lie there too.
 */
static enum index_plan decide(const struct marker *m, int dir, bool same_place,
			      bool same_boot)
{
	if (!m->valid || !same_place || m->attempts >= ATTEMPTS_MAX ||
	    !is_there(dir, "index.db"))
		return PLAN_REBUILD;
	if (m->dirty || !same_boot || !is_there(dir, FIRST_REGION))
		return PLAN_RECOVER;
	return PLAN_JOIN;
}

/*
 * Reads the marker, decides, and writes into it where we are now. A copy of a
 * mailbox is told by device and inode: its index looks clean and is not.
 */
static int make_plan(struct index *ix, int dir, enum index_plan *plan_r,
		     struct err *e)
{
	struct marker *m = &ix->marker;
	struct stat lock, index;
	uint8_t boot_id[16];
	bool same_boot;

	if (fstat(ix->mailbox->lock, &lock) < 0 || fstat(dir, &index) < 0)
		return index_sys(ix, "stat", e);
	if (marker_read(ix->mailbox, m, e) < 0)
		return -1;
	same_boot = read_boot_id(boot_id) &&
		    memcmp(boot_id, m->boot_id, sizeof(boot_id)) == 0;
	*plan_r = decide(m, dir, same_place(m, &lock, &index), same_boot);
	m->lock_dev = lock.st_dev;
	m->lock_ino = lock.st_ino;
	m->index_dev = index.st_dev;
	m->index_ino = index.st_ino;
	memcpy(m->boot_id, boot_id, sizeof(boot_id));
	return 0;
}

/* --- recovering and rebuilding -------------------------------------------- */

static bool is_region(const char *name)
{
	return strncmp(name, "__db.", 5) == 0;
}

static bool is_log(const char *name)
{
	return strncmp(name, "log.", 4) == 0;
}

static int each_file(const struct index *ix, int dir,
		     int (*act)(int dir, const char *name), struct err *e)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return index_sys(ix, "read directory", e);
	}
	while (result == 0 && (entry = readdir(d)))
		if (entry->d_name[0] != '.' && act(dir, entry->d_name) < 0 &&
		    errno != ENOENT)
			result = index_sys(ix, entry->d_name, e);
	closedir(d);
	return result;
}

/*
 * Recovery may read log octets that no one has synced, and write data pages
 * ahead of the durable log: so the log is synced first. Regions of a dead
 * user hold its mutexes.
 */
static int sync_log_drop_regions(int dir, const char *name)
{
	int fd, result;

	if (is_region(name))
		return unlinkat(dir, name, 0);
	if (!is_log(name))
		return 0;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	result = fdatasync(fd);
	close(fd);
	return result;
}

static int unlink_old_aside(int dir, const char *name)
{
	return unlinkat(dir, name, 0);
}

static int move_aside(int dir, const char *name)
{
	char to[NAME_MAX + sizeof(ASIDE) + 1];

	if (strcmp(name, ASIDE) == 0)
		return 0;
	if (is_region(name))
		return unlinkat(dir, name, 0);
	snprintf(to, sizeof(to), ASIDE "/%s", name);
	return renameat(dir, name, dir, to);
}

static int empty_aside(const struct index *ix, int dir, struct err *e)
{
	int aside, result;

	if (mkdirat(dir, ASIDE, DIRECTORY) < 0 && errno != EEXIST)
		return index_sys(ix, "make " ASIDE, e);
	aside = openat(dir, ASIDE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (aside < 0)
		return index_sys(ix, "open " ASIDE, e);
	result = each_file(ix, aside, unlink_old_aside, e);
	close(aside);
	return result;
}

static int prepare(struct index *ix, int dir, enum index_plan plan,
		   struct err *e)
{
	ix->marker.valid = true;
	ix->marker.dirty = true;
	if (plan != PLAN_JOIN) {
		ix->marker.attempts++;
		ix->marker.generation++;
		ix->reconcile = true;
	}
	if (marker_write(ix->mailbox, &ix->marker, e) < 0)
		return -1;
	fault_point("index.dirty");
	switch (plan) {
	case PLAN_JOIN:
		break;
	case PLAN_RECOVER:
		return each_file(ix, dir, sync_log_drop_regions, e);
	case PLAN_REBUILD:
		if (empty_aside(ix, dir, e) < 0)
			return -1;
		return each_file(ix, dir, move_aside, e);
	}
	return 0;
}

/* --- the environment ------------------------------------------------------ */

static int configure_environment(DB_ENV *env, bool new_regions)
{
	int code = env->set_cachesize(env, 0, CACHE_SIZE, 1);

	if (code == 0)
		code = env->set_lg_max(env, LOG_MAX);
	if (code == 0)
		code = env->set_lg_bsize(env, LOG_BUFFER);
	if (code == 0)
		code = env->set_tx_max(env, TRANSACTIONS_MAX);
	if (code == 0)
		code = env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1);
	/* In full now, or a full disk is met as SIGBUS in a sparse page later;
	 * joined regions would only be paged in for nothing. */
	if (code == 0 && new_regions)
		code = env->set_flags(env, DB_REGION_INIT, 1);
	return code;
}

static int open_environment(struct index *ix, const char *path,
			    enum index_plan plan, bool new_regions,
			    struct err *e)
{
	u_int32_t flags = DB_CREATE | DB_INIT_TXN | DB_INIT_LOG | DB_INIT_MPOOL;
	int code = db_env_create(&ix->env, 0);

	if (code != 0) {
		ix->env = NULL;
		return index_error(ix, "create environment", code, e);
	}
	ix->env->app_private = ix;
	ix->env->set_errcall(ix->env, note_db_error);
	ix->env->set_msgcall(ix->env, ignore_db_message);
	code = configure_environment(ix->env, new_regions);
	if (code != 0)
		return index_error(ix, "configure environment", code, e);
	if (plan == PLAN_RECOVER)
		flags |= DB_RECOVER;
	code = ix->env->open(ix->env, path, flags, 0660);
	if (code != 0)
		return index_error(ix, "open environment", code, e);
	fault_point("index.environment");
	return 0;
}

static int open_database(struct index *ix, struct err *e)
{
	int code = db_create(&ix->db, ix->env, 0);

	if (code != 0) {
		ix->db = NULL;
		return index_error(ix, "create handle", code, e);
	}
	code = ix->db->set_pagesize(ix->db, PAGE_SIZE);
	if (code == 0)
		code = ix->db->set_flags(ix->db, DB_CHKSUM);
	if (code == 0)
		code = ix->db->open(ix->db, NULL, "index.db", NULL, DB_BTREE,
				    DB_CREATE | DB_AUTO_COMMIT, 0660);
	if (code != 0)
		return index_error(ix, "open index.db", code, e);
	return 0;
}

/* Nothing is flushed: pages live in the regions, commits in the log. */
static int close_environment(struct index *ix, struct err *e)
{
	int code = 0, code_env = 0;

	index_abort(ix);
	if (ix->db)
		code = ix->db->close(ix->db, DB_NOSYNC);
	if (ix->env)
		code_env = ix->env->close(ix->env, 0);
	ix->db = NULL;
	ix->env = NULL;
	if (code == 0)
		code = code_env;
	return code == 0 ? 0 : index_error(ix, "close", code, e);
}

static int try_open(struct index *ix, int dir, struct err *e)
{
	char path[PATH_MAX];
	enum index_plan plan = PLAN_REBUILD;

	ix->db_text[0] = '\0';
	if (make_plan(ix, dir, &plan, e) < 0 || prepare(ix, dir, plan, e) < 0)
		return -1;
	if (snprintf(path, sizeof(path), "%s/mailboxes/%s/index",
		     ix->mailbox->store->path,
		     ix->mailbox->id) >= (int)sizeof(path))
		return err_set(e, ERR_CONFIG, "store %s: path too long",
			       ix->mailbox->store->path);
	if (open_environment(ix, path, plan, !is_there(dir, FIRST_REGION), e) <
	    0)
		return -1;
	return open_database(ix, e);
}

/*
 * Whatever fails leaves the marker dirty, so that the next try recovers, and
 * the one after the last recovery allowed rebuilds.
 */
static int open_index(struct index *ix, struct err *e)
{
	struct err ignored;
	int dir, result = -1;

	for (int tries = 0; result < 0 && tries <= ATTEMPTS_MAX + 1; tries++) {
		dir = open_index_directory(ix, e);
		if (dir < 0)
			return -1;
		result = try_open(ix, dir, e);
		close(dir);
		if (result < 0)
			close_environment(ix, &ignored);
		if (result < 0 && e->kind == ERR_FULL)
			break;
	}
	return result;
}

/* --- transactions --------------------------------------------------------- */

int index_begin(struct index *ix, struct err *e)
{
	int code = ix->env->txn_begin(ix->env, NULL, &ix->txn, 0);

	if (code != 0) {
		ix->txn = NULL;
		return index_error(ix, "begin", code, e);
	}
	return 0;
}

/* A power cut is told by the boot id and followed by reconciling: no sync. */
int index_commit(struct index *ix, struct err *e)
{
	DB_TXN *txn = ix->txn;
	int code;

	fault_point("index.before_commit");
	ix->txn = NULL;
	code = txn->commit(txn, DB_TXN_WRITE_NOSYNC);
	if (code != 0)
		return index_error(ix, "commit", code, e);
	fault_point("index.committed");
	return 0;
}

void index_abort(struct index *ix)
{
	if (ix->txn)
		(void)ix->txn->abort(ix->txn);
	ix->txn = NULL;
}

/* --- in and out ----------------------------------------------------------- */

static int reconcile_on_entry(struct index *ix, struct err *e)
{
	struct listing l;
	int result;

	/* Counters never written, or torn, are counted anew as well. */
	if (!ix->reconcile && ix->counters.counted)
		return 0;
	result = index_reconcile(ix, &l, e);
	listing_release(&l);
	return result;
}

int index_enter(struct mailbox *m, unsigned wait_ms, struct index *ix,
		struct err *e)
{
	struct err ignored;

	*ix = (struct index){.mailbox = m};
	if (mailbox_lock_byte(m, MAILBOX_BYTE_COUNTERS, true, wait_ms, e) < 0)
		return -1;
	hold_signals(ix);
	if (mailbox_counters(m, &ix->counters, e) < 0 ||
	    open_index(ix, e) < 0 || reconcile_on_entry(ix, e) < 0) {
		index_leave(ix, false, &ignored);
		return -1;
	}
	return 0;
}

static int leave_well(struct index *ix, struct err *e)
{
	int code = ix->env->txn_checkpoint(ix->env, CHECKPOINT_KIB, 0, 0);

	if (code != 0)
		return index_error(ix, "checkpoint", code, e);
	if (close_environment(ix, e) < 0)
		return -1;
	if (counters_write(ix->mailbox, &ix->counters, e) < 0)
		return -1;
	fault_point("index.counters");
	ix->marker.dirty = false;
	ix->marker.attempts = 0;
	return marker_write(ix->mailbox, &ix->marker, e);
}

int index_leave(struct index *ix, bool well, struct err *e)
{
	struct err ignored;
	int result = well ? leave_well(ix, e) : 0;

	close_environment(ix, &ignored);
	mailbox_unlock_byte(ix->mailbox, MAILBOX_BYTE_COUNTERS);
	release_signals(ix);
	return result;
}
