/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `store upgrade`: the format first, then the handlers that were started before
 * it end, then the mailboxes. The one command that looks at other processes.
 */
#include "common/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/num.h"
#include "handlers/tool/args.h"
#include "handlers/tool/command.h"
#include "handlers/tool/store.h"
#include "handlers/tool/text.h"

/* --- handlers that were started before -------------------------------------
 */

static const char *const handlers[] = {
	"smtp-journal",
	"smtp-proxy",
	"pop3-proxy",
	"pop3-serve",
};

struct process {
	pid_t pid;
	uint64_t started; /* of the boot, in ticks: a pid may be given anew */
};

static bool is_handler(const char *comm, size_t n)
{
	for (size_t i = 0; i < N_ELEMENTS(handlers); i++)
		if (strlen(handlers[i]) == n &&
		    memcmp(handlers[i], comm, n) == 0)
			return true;
	return false;
}

/* Field 22 of proc(5)'s stat; the second is a name in parentheses. */
static bool read_process(const char *pid, struct process *p_r)
{
	char path[64], text[512];
	const char *open_at, *close_at, *at;
	uint64_t number;
	ssize_t n;
	int fd;

	if (!num_parse(pid, strlen(pid), INT32_MAX, &number))
		return false;
	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	open_at = strchr(text, '(');
	close_at = strrchr(text, ')');
	if (!open_at || !close_at ||
	    !is_handler(open_at + 1, (size_t)(close_at - open_at - 1)))
		return false;
	at = close_at + 1;
	for (int field = 3; field < 22 && at; field++)
		at = strchr(at + 1, ' ');
	p_r->pid = (pid_t)number;
	return at && num_parse(at + 1, strcspn(at + 1, " \n"), UINT64_MAX,
			       &p_r->started);
}

/* Zombies have ended; but they are gone in a moment, too. */
static bool still_runs(const struct process *p)
{
	struct process now;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)p->pid);
	return read_process(pid, &now) && now.started == p->started;
}

static size_t find_handlers(struct process **list_r)
{
	DIR *proc = opendir("/proc");
	struct process p;
	const struct dirent *d;
	size_t n = 0;

	*list_r = NULL;
	if (!proc)
		return 0;
	while ((d = readdir(proc))) {
		if (!read_process(d->d_name, &p))
			continue;
		*list_r = xgrow(*list_r, n, sizeof(**list_r));
		(*list_r)[n++] = p;
	}
	closedir(proc);
	return n;
}

static size_t count_running(const struct process *list, size_t n)
{
	size_t running = 0;

	for (size_t i = 0; i < n; i++)
		running += still_runs(&list[i]);
	return running;
}

/* Mail that one of them has half received comes again; none is lost. */
static void end_them(const struct process *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (still_runs(&list[i]) && kill(list[i].pid, SIGTERM) < 0 &&
		    errno != ESRCH)
			log_warn("process %d: %s", (int)list[i].pid,
				 strerror(errno));
}

static void wait_for_handlers(bool now)
{
	const struct timespec pause = {.tv_nsec = 200 * 1000 * 1000};
	struct process *list;
	size_t n = find_handlers(&list), running;

	if (now)
		end_them(list, n);
	while ((running = count_running(list, n)) > 0) {
		tool_progress("sessions of before, ended", n - running, n);
		nanosleep(&pause, NULL);
	}
	tool_progress_end();
	free(list);
}

/* --- the command -----------------------------------------------------------
 */

struct upgrade {
	uint64_t done, all;
};

static int upgrade_one(const char *id UNUSED, struct mailbox *m, void *arg,
		       struct err *e)
{
	struct upgrade *u = arg;
	bool done;

	if (!m || mailbox_upgrade(m, &done, e) < 0)
		return -1;
	u->all++;
	u->done += done;
	return 0;
}

TOOL_RUN(store_upgrade)
{
	struct upgrade u = {.done = 0};
	int result;

	if (store_raise_format(t->conf->store, e) < 0)
		return -1;
	wait_for_handlers(tool_has(a, "now"));
	if (tool_open_store(t, TOOL_CHANGES, e) < 0)
		return -1;
	result = tool_each_mailbox(t, upgrade_one, &u, e);
	printf("mailboxes: %" PRIu64 ", upgraded now: %" PRIu64 "\n", u.all,
	       u.done);
	return result;
}
