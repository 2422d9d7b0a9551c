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
#include <time.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/limit_process.h"
#include "common/log.h"
#include "common/read_all.h"
#include "common/sandbox.h"
#include "handlers/ledger/files.h"
#include "handlers/ledger/sequence.h"

#define USAGE                                                                  \
	"usage: ledger [-c FILE] --once\n"                                     \
	"Takes what happened from the spools of all mailboxes into their "     \
	"ledgers, and signs\n"                                                 \
	"it. A timer starts it every minute. ledger(8) has it all.\n"          \
	"  -c FILE    the configuration (default: %s)\n"                       \
	"  --once     one run\n"                                               \
	"  --help\n"                                                           \
	"  --version\n"

/* --- the command line ------------------------------------------------------
 */

enum { OPTION_ONCE = 256, OPTION_HELP, OPTION_VERSION };

static const struct option options[] = {
	{"once", no_argument, NULL, OPTION_ONCE},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

static NO_RETURN void end_told(void)
{
	exit(fflush(stdout) == 0 ? 0 : err_exit_code(ERR_TEMP));
}

static const char *read_arguments(int argc, char **argv)
{
	const char *file = conf_default_file();
	bool once = false;
	int c;

	while ((c = getopt_long(argc, argv, "c:", options, NULL)) != -1)
		switch (c) {
		case 'c':
			file = optarg;
			break;
		case OPTION_ONCE:
			once = true;
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
	if (optind < argc || !once)
		die_usage("--once is needed, and no more; try --help");
	return file;
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

/* One sequencer at a time; the kernel lets go when it dies. */
static int take_turn(const struct ledger_place *p, struct err *e)
{
	struct flock f = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = openat(p->memory, ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

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

static int run_mailbox(const char *id, void *arg, UNUSED struct err *e)
{
	struct all *a = arg;
	struct err failure;

	/* Deleted just now, or of an older format: the next run's. */
	if (sequence_mailbox(&a->run, id, &failure) < 0 &&
	    failure.kind != ERR_ABSENT && failure.kind != ERR_STATE)
		note_failure(a, &failure);
	return 0;
}

/* Only where the store was read and has it not. */
static void look_if_deleted(struct all *a, const char *id)
{
	struct err e;
	struct mailbox *m = mailbox_look_at(a->run.store, id, &e);

	if (!m && e.kind == ERR_ABSENT && sequence_deleted(&a->run, id, &e) < 0)
		note_failure(a, &e);
	mailbox_close(&m);
}

static int run_deleted(struct all *a, struct err *e)
{
	int fd = openat(a->run.place->dir, ".",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	char id[MAILBOX_ID_LEN + 1];
	const struct dirent *entry;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return err_sys(e, "ledger: its place");
	}
	while ((entry = readdir(d)))
		if (mailbox_id_parse(entry->d_name, strlen(entry->d_name), id))
			look_if_deleted(a, id);
	closedir(d);
	return 0;
}

static int run_all(struct all *a, struct err *e)
{
	if (store_each_mailbox(a->run.store, run_mailbox, a, e) < 0 ||
	    run_deleted(a, e) < 0 || sequence_host(&a->run, e) < 0)
		return -1;
	if (a->failed)
		*e = a->first;
	return a->failed ? -1 : 0;
}

static int run_once(const struct conf *conf, struct ledger_place *place,
		    struct err *e)
{
	struct book host;
	struct all a = {
		.run = {.place = place, .host = &host, .now = time(NULL)}};
	int result = -1;

	a.run.store = store_open(conf->store, e);
	if (!a.run.store)
		return -1;
	read_boot(a.run.boot);
	if (book_open(&host, place, "host", e) == 0)
		result = run_all(&a, e);
	book_close(&host);
	store_free(&a.run.store);
	return result;
}

static int run_in_turn(const struct conf *conf, struct err *e)
{
	struct ledger_place place = {.dir = -1, .memory = -1};
	int turn = -1, result = -1;

	if (open_place(conf, &place, e) == 0 &&
	    sandbox_enter(SANDBOX_LEDGER, conf, e) == 0)
		turn = take_turn(&place, e);
	if (turn >= 0)
		result = run_once(conf, &place, e);
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
	const char *file;
	struct conf *conf;
	int result = -1;

	log_open("ledger", LOG_STYLE_SERVICE);
	limit_process();
	file = read_arguments(argc, argv);
	conf = conf_read(file, &e);
	if (conf)
		result = run_in_turn(conf, &e);
	conf_free(&conf);
	if (result == 0)
		return 0;
	log_error("%s", e.text);
	return err_exit_code(e.kind);
}
