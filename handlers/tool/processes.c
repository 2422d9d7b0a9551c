/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads /proc alone (proc(5)). Ends no process. */
#include "common/base.h"
#include "handlers/tool/processes.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "common/conf.h"
#include "common/num.h"

enum { ARGUMENTS_MAX = 4096, STAT_MAX = 512 };

/* As the kernel shortens names: to 15 octets. */
static const char *const programs[] = {
	"smtp-journal", "smtp-proxy",	"pop3-proxy",
	"pop3-serve",	"mailbox-tool", "console.cgi",
};

static int open_of(const char *pid, const char *what, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%.16s/%s", pid, what);
	return open(path, flags | O_CLOEXEC);
}

/* Ended by a NUL; empty where the process has gone. */
static size_t read_of(const char *pid, const char *what, char *text_r,
		      size_t size)
{
	int fd = open_of(pid, what, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text_r, size - 1);

	if (fd >= 0)
		close(fd);
	text_r[n < 0 ? 0 : n] = '\0';
	return n < 0 ? 0 : (size_t)n;
}

/* --- is it one of ours? --------------------------------------------------- */

static bool is_ours(const char *comm, size_t n)
{
	for (size_t i = 0; i < N_ELEMENTS(programs); i++)
		if (strlen(programs[i]) == n &&
		    memcmp(programs[i], comm, n) == 0)
			return true;
	return false;
}

/* Field 22 of stat; the second is a name in parentheses, the third a state. */
static bool read_process(const char *pid, struct process *p_r)
{
	char text[STAT_MAX];
	const char *open_at, *close_at, *at;
	uint64_t number;

	if (!num_parse(pid, strlen(pid), INT32_MAX, &number))
		return false;
	read_of(pid, "stat", text, sizeof(text));
	open_at = strchr(text, '(');
	close_at = strrchr(text, ')');
	if (!open_at || !close_at ||
	    !is_ours(open_at + 1, (size_t)(close_at - open_at - 1)) ||
	    strncmp(close_at, ") Z", 3) == 0)
		return false;
	at = close_at + 1;
	for (int field = 3; field < 22 && at; field++)
		at = strchr(at + 1, ' ');
	p_r->pid = (pid_t)number;
	return at && num_parse(at + 1, strcspn(at + 1, " \n"), UINT64_MAX,
			       &p_r->started);
}

bool process_runs(const struct process *p)
{
	struct process now;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)p->pid);
	return read_process(pid, &now) && now.started == p->started;
}

/* --- has it this store open? ---------------------------------------------- */

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool has_open(DIR *descriptors, const struct stat *store)
{
	const struct dirent *d;
	struct stat st;

	while ((d = readdir(descriptors)))
		if (d->d_name[0] != '.' &&
		    fstatat(dirfd(descriptors), d->d_name, &st, 0) == 0 &&
		    is_same(&st, store))
			return true;
	return false;
}

/* The word behind -c; NULL: the default is read. */
static const char *configuration_of(const char *arguments, size_t n)
{
	const char *end = arguments + n, *at = arguments;

	while (at < end && strcmp(at, "-c") != 0)
		at += strlen(at) + 1;
	return at + sizeof("-c") < end ? at + sizeof("-c") : NULL;
}

/* True also where it cannot be told. */
static bool may_be_for(const char *pid, const struct stat *store)
{
	char arguments[ARGUMENTS_MAX];
	size_t n = read_of(pid, "cmdline", arguments, sizeof(arguments));
	const char *file = configuration_of(arguments, n);
	struct conf *conf;
	struct stat st;
	struct err e;
	bool may;

	if (file && file[0] != '/')
		return true; /* as seen from a directory that we do not know */
	conf = conf_read(file ? file : conf_default_file(), &e);
	may = !conf || stat(conf->store, &st) < 0 || is_same(&st, store);
	conf_free(&conf);
	return may;
}

static bool uses(const char *pid, const struct stat *store)
{
	int fd = open_of(pid, "fd", O_RDONLY | O_DIRECTORY);
	DIR *descriptors = fd < 0 ? NULL : fdopendir(fd);
	bool found;

	if (!descriptors && errno == ENOENT)
		return false; /* gone */
	/* Root reads no file that somebody's process names. */
	if (!descriptors)
		return geteuid() == 0 || may_be_for(pid, store);
	found = has_open(descriptors, store);
	closedir(descriptors);
	return found;
}

size_t processes_with(const char *store, struct process **list_r)
{
	DIR *proc = opendir("/proc");
	const struct dirent *d;
	struct stat st;
	struct process p;
	size_t n = 0;

	*list_r = NULL;
	if (!proc)
		return 0;
	while (stat(store, &st) == 0 && (d = readdir(proc))) {
		if (!read_process(d->d_name, &p) || p.pid == getpid() ||
		    !uses(d->d_name, &st))
			continue;
		*list_r = xgrow(*list_r, n, sizeof(**list_r));
		(*list_r)[n++] = p;
	}
	closedir(proc);
	return n;
}
