/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger: the sequencer and signer, one run over all mailboxes. Reads the
 * store, and writes nothing but its own place.
 */
#include "common/base.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/limit_process.h"
#include "common/log.h"
#include "common/read_all.h"
#include "common/sandbox.h"
#include "handlers/ledger/files.h"
#include "handlers/ledger/first.h"
#include "handlers/ledger/look.h"
#include "handlers/ledger/sequence.h"
#include "handlers/ledger/succeed.h"

#define USAGE                                                                  \
	"usage: ledger [-c FILE] --once\n"                                     \
	"       ledger [-c FILE] --adopt|--resume|--drop ID [--reason TEXT]\n" \
	"Takes what happened from the spools of all mailboxes into their "     \
	"ledgers, and signs\n"                                                 \
	"it. A timer starts it every minute. ledger(8) has it all.\n"          \
	"  -c FILE        the configuration (default: %s)\n"                   \
	"  --once         one run\n"                                           \
	"  --adopt ID     begin a ledger behind one of a copy (restante "      \
	"ledger adopt)\n"                                                      \
	"  --resume ID    behind one that was lost or restored\n"              \
	"  --drop ID      end that of a deleted mailbox\n"                     \
	"  --reason TEXT  why\n"                                               \
	"  --help\n"                                                           \
	"  --version\n"

/* --- the command line ------------------------------------------------------
 */

enum act { ACT_ONCE = 256, ACT_ADOPT, ACT_RESUME, ACT_DROP };
enum { OPTION_REASON = ACT_DROP + 1, OPTION_HELP, OPTION_VERSION };

static const struct option options[] = {
	{"once", no_argument, NULL, ACT_ONCE},
	{"adopt", required_argument, NULL, ACT_ADOPT},
	{"resume", required_argument, NULL, ACT_RESUME},
	{"drop", required_argument, NULL, ACT_DROP},
	{"reason", required_argument, NULL, OPTION_REASON},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

struct task {
	const char *file;
	enum act act; /* 0: none was named */
	const char *name, *reason;
};

static NO_RETURN void end_told(void)
{
	exit(fflush(stdout) == 0 ? 0 : err_exit_code(ERR_TEMP));
}

static void take_act(struct task *t, enum act act)
{
	if (t->act)
		die_usage("one thing at a time; try --help");
	t->act = act;
	t->name = optarg;
}

static void check_task(const struct task *t)
{
	char id[MAILBOX_ID_LEN + 1];

	if (!t->act)
		die_usage("--once is needed, and no more; try --help");
	if (t->act == ACT_RESUME && !t->reason[0])
		die_usage("--resume needs a --reason");
	if (t->act == ACT_ONCE ||
	    (t->act != ACT_DROP && strcmp(t->name, "host") == 0))
		return;
	if (!mailbox_id_parse(t->name, strlen(t->name), id))
		die_usage("'%s' is no mailbox", t->name);
}

static struct task read_arguments(int argc, char **argv)
{
	struct task t = {.file = conf_default_file(), .reason = ""};
	int c;

	while ((c = getopt_long(argc, argv, "c:", options, NULL)) != -1)
		switch (c) {
		case 'c':
			t.file = optarg;
			break;
		case ACT_ONCE:
		case ACT_ADOPT:
		case ACT_RESUME:
		case ACT_DROP:
			take_act(&t, (enum act)c);
			break;
		case OPTION_REASON:
			t.reason = optarg;
			break;
		case OPTION_HELP:
			printf(USAGE, conf_default_file());
			end_told();
		case OPTION_VERSION:
			printf("ledger (Restante) %s\n", PACKAGE_VERSION);
			end_told();
		default:
			die_usage("try --help");
		}
	if (optind < argc)
		die_usage("%s: no such option; try --help", argv[optind]);
	check_task(&t);
	return t;
}

/* --- its place -------------------------------------------------------------
 */

/* Whoever is not its owner would leave files there that the owner cannot read.
 */
static int check_owner(const char *path, int dir, struct err *e)
{
	struct stat st;

	if (fstat(dir, &st) < 0)
		return err_sys(e, "%s", path);
	if (st.st_uid == geteuid())
		return 0;
	return err_set(e, ERR_CONFIG,
		       "%s belongs to user %u, and this is user %u: run it as "
		       "that user",
		       path, (unsigned)st.st_uid, (unsigned)geteuid());
}

/*
 * Made by hand, it is to be read by whoever reads the store, as one that
 * tmpfiles.d has made. What a unit forbids, its Group= has given already.
 */
static int share_place(const struct conf *conf, int dir, struct err *e)
{
	struct stat store;

	if (stat(conf->store, &store) < 0)
		return err_sys(e, "store %s", conf->store);
	if (fchown(dir, (uid_t)-1, store.st_gid) < 0)
		return err_sys(e, "%s: its group", conf->ledger.path);
	if (fchmod(dir, 02750) < 0 && errno != EPERM)
		return err_sys(e, "%s: its mode", conf->ledger.path);
	return 0;
}

static int open_place(const struct conf *conf, struct ledger_place *p,
		      struct err *e)
{
	const char *name =
		conf->ledger.name[0] ? conf->ledger.name : conf->hostname;
	bool made;

	p->activity_keep = conf->ledger.activity_keep;
	made = mkdir(conf->ledger.path, 0750) == 0;
	p->dir = files_directory(AT_FDCWD, conf->ledger.path, 0750, e);
	if (p->dir < 0 || check_owner(conf->ledger.path, p->dir, e) < 0 ||
	    (made && share_place(conf, p->dir, e) < 0))
		return -1;
	p->memory = files_directory(p->dir, "memory", 0700, e);
	if (p->memory < 0)
		return -1;
	return ledger_key_load(p->dir, name, &p->key, e);
}

/* Where there is no lock yet, memory/ itself may not be durable. */
static int open_lock(const struct ledger_place *p, struct err *e)
{
	int fd = openat(p->memory, ".lock", O_RDWR | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (files_sync_parent(p->memory, "memory", e) < 0)
		return -1;
	return openat(p->memory, ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

/* One sequencer at a time; the kernel lets go when it dies. */
static int take_turn(const struct ledger_place *p, struct err *e)
{
	struct flock f = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open_lock(p, e);

	if (fd < 0)
		return err_sys(e, "ledger: memory/.lock");
	if (fcntl(fd, F_OFD_SETLK, &f) == 0)
		return fd;
	close(fd);
	return err_set(e, ERR_BUSY, "ledger: another run is at work");
}

static void read_boot(char boot_r[MEMORY_BOOT_SIZE])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read_up_to(fd, boot_r, MEMORY_BOOT_SIZE - 1);

	if (fd >= 0)
		close(fd);
	boot_r[n < 0 ? 0 : n] = '\0';
	boot_r[strcspn(boot_r, "\n")] = '\0';
}

/* --- all mailboxes ---------------------------------------------------------
 */

struct all {
	struct sequence_run run;
	bool failed;
	struct err first;
};

/* One that fails holds up none of the others. */
static void note_failure(struct all *a, const struct err *e)
{
	log_error("%s", e->text);
	if (!a->failed)
		a->first = *e;
	a->failed = true;
}

/* Only where the store was read and has it not. */
static bool is_deleted(const struct all *a, const char *id)
{
	struct err e;
	struct mailbox *m = mailbox_look_at(a->run.store, id, &e);
	bool is_there = m;

	mailbox_close(&m);
	return !is_there && e.kind == ERR_ABSENT;
}

/*
 * Deleted just now, or of an older format: the next run's. What was to be read
 * of one that is deleted in the midst of it is not there either.
 */
static bool is_next_runs(const struct all *a, const char *id,
			 const struct err *e)
{
	return e->kind == ERR_ABSENT || e->kind == ERR_STATE ||
	       (e->kind == ERR_TEMP && is_deleted(a, id));
}

static int run_mailbox(const char *id, void *arg, UNUSED struct err *e)
{
	struct all *a = arg;
	struct err failure;

	if (sequence_mailbox(&a->run, id, &failure) < 0 &&
	    !is_next_runs(a, id, &failure))
		note_failure(a, &failure);
	return 0;
}

static void look_if_deleted(struct all *a, const char *id)
{
	struct err e;

	if (is_deleted(a, id) && sequence_deleted(&a->run, id, &e) < 0)
		note_failure(a, &e);
}

/* In memory/ those alone whose folder is gone: one that is being dropped. */
static int run_deleted(struct all *a, int where, struct err *e)
{
	const struct ledger_place *p = a->run.place;
	int fd = openat(where, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	char id[MAILBOX_ID_LEN + 1];
	const struct dirent *entry;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return err_sys(e, "ledger: its place");
	}
	while ((entry = readdir(d)))
		if (mailbox_id_parse(entry->d_name, strlen(entry->d_name),
				     id) &&
		    (where == p->dir || faccessat(p->dir, id, F_OK, 0) < 0))
			look_if_deleted(a, id);
	closedir(d);
	return 0;
}

static int run_all(struct all *a, struct err *e)
{
	if (store_each_mailbox(a->run.store, run_mailbox, a, e) < 0 ||
	    run_deleted(a, a->run.place->dir, e) < 0 ||
	    run_deleted(a, a->run.place->memory, e) < 0 ||
	    sequence_host(&a->run, e) < 0)
		return -1;
	if (a->failed)
		*e = a->first;
	return a->failed ? -1 : 0;
}

/* --- one of them -----------------------------------------------------------
 */

static int act_on(struct sequence_run *r, const struct task *t, struct err *e)
{
	if (t->act == ACT_DROP)
		return drop_begin(r, t->name, t->reason, e);
	return succeed_begin(r, t->name,
			     t->act == ACT_ADOPT ? "adopt" : "resume",
			     t->reason, e);
}

/* What was decided is carried through at once, and signed. */
static int carry_through(struct sequence_run *r, const char *id, struct err *e)
{
	if (sequence_mailbox(r, id, e) == 0)
		return 0;
	return e->kind == ERR_ABSENT ? sequence_deleted(r, id, e) : -1;
}

static int run_one(struct all *a, const struct task *t, struct err *e)
{
	struct sequence_run *r = &a->run;

	r->at_once = true;
	if (act_on(r, t, e) < 0 ||
	    (t->act != ACT_DROP && carry_through(r, t->name, e) < 0))
		return -1;
	return sequence_host(r, e);
}

/* The host's own is opened only behind it. */
static int succeed_host(struct sequence_run *r, const struct task *t,
			struct err *e)
{
	r->host = NULL;
	return act_on(r, t, e);
}

static int run_task(const struct conf *conf, struct ledger_place *place,
		    const struct task *t, struct err *e)
{
	struct book host;
	struct all a = {.run = {.place = place, .now = time(NULL)}};
	bool of_host = t->name && strcmp(t->name, "host") == 0;
	int result = -1;

	a.run.store = store_open(conf->store, e);
	if (!a.run.store)
		return -1;
	read_boot(a.run.boot);
	if (of_host && succeed_host(&a.run, t, e) < 0) {
		store_free(&a.run.store);
		return -1;
	}
	a.run.host = &host;
	a.run.at_once = of_host;
	if (t->act == ACT_ONCE)
		a.run.look_until = clock_ms() + LOOK_RUN_MS;
	if (book_open(&host, place, "host", e) == 0 &&
	    first_check_host(&host, e) == 0)
		result = of_host	      ? sequence_host(&a.run, e)
			 : t->act == ACT_ONCE ? run_all(&a, e)
					      : run_one(&a, t, e);
	book_close(&host);
	store_free(&a.run.store);
	return result;
}

static int run_in_turn(const struct conf *conf, const struct task *t,
		       struct err *e)
{
	struct ledger_place place = {.dir = -1, .memory = -1};
	int turn = -1, result = -1;

	if (open_place(conf, &place, e) == 0 &&
	    sandbox_enter(SANDBOX_LEDGER, conf, e) == 0)
		turn = take_turn(&place, e);
	if (turn >= 0)
		result = run_task(conf, &place, t, e);
	ledger_key_release(&place.key);
	if (turn >= 0)
		close(turn);
	if (place.memory >= 0)
		close(place.memory);
	if (place.dir >= 0)
		close(place.dir);
	return result;
}

int main(int argc, char **argv)
{
	struct err e = {.kind = ERR_NONE};
	struct task task;
	struct conf *conf;
	int result = -1;

	log_open("ledger", LOG_STYLE_SERVICE);
	limit_process();
	task = read_arguments(argc, argv);
	if (task.act != ACT_ONCE)
		log_open("restante", LOG_STYLE_PERSON);
	conf = conf_read(task.file, &e);
	if (conf)
		result = run_in_turn(conf, &task, &e);
	conf_free(&conf);
	if (result == 0)
		return 0;
	log_error("%s", e.text);
	/* What will not pass is a failure to whoever counts failures. */
	return task.act == ACT_ONCE && e.kind == ERR_DAMAGED
		       ? EX_DATAERR
		       : err_exit_code(e.kind);
}
