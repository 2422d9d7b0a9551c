/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `store upgrade`: the format first, then the handlers that were started before
 * it end, then the mailboxes. The one command that looks at other processes.
 */
#include "common/base.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <time.h>

#include "common/log.h"
#include "handlers/tool/args.h"
#include "handlers/tool/command.h"
#include "handlers/tool/processes.h"
#include "handlers/tool/store.h"
#include "handlers/tool/text.h"

/* --- who was here before --------------------------------------------------
 */

static size_t count_running(const struct process *list, size_t n)
{
	size_t running = 0;

	for (size_t i = 0; i < n; i++)
		running += process_runs(&list[i]);
	return running;
}

/* Mail that one of them has half received comes again; none is lost. */
static void end_them(const struct process *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (process_runs(&list[i]) && kill(list[i].pid, SIGTERM) < 0 &&
		    errno != ESRCH)
			log_warn("process %d: %s", (int)list[i].pid,
				 strerror(errno));
}

static void wait_for_sessions(const char *store, bool now)
{
	const struct timespec pause = {.tv_nsec = 200 * 1000 * 1000};
	struct process *list;
	size_t n = processes_with(store, &list), running;

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

/*
 * A mailbox of before has named no session key yet, by which `settle` would
 * see that the new password was used.
 */
static void tell_what_waits(const char *id)
{
	printf("mailbox %s: a new password waits to be used; that it was is\n"
	       "not seen by itself here. Once it was:\n"
	       "  restante mailbox passwd %s --confirm\n",
	       id, id);
}

static int upgrade_one(const char *id, struct mailbox *m, void *arg,
		       struct err *e)
{
	struct upgrade *u = arg;
	bool done, waits;

	if (!m || mailbox_upgrade(m, &done, &waits, e) < 0)
		return -1;
	u->all++;
	u->done += done;
	if (done && waits)
		tell_what_waits(id);
	return 0;
}

static int raise_format(const struct tool *t, struct err *e)
{
	int result;

	if (tool_borrow_owner_of(t->conf->store, e) < 0)
		return -1;
	result = store_raise_format(t->conf->store, e);
	tool_give_back();
	return result;
}

TOOL_RUN(store_upgrade)
{
	struct upgrade u = {.done = 0};
	int result;

	if (raise_format(t, e) < 0)
		return -1;
	wait_for_sessions(t->conf->store, tool_has(a, "now"));
	if (tool_open_store(t, TOOL_CHANGES, e) < 0)
		return -1;
	result = tool_each_mailbox(t, upgrade_one, &u, e);
	printf("mailboxes: %" PRIu64 ", upgraded now: %" PRIu64 "\n", u.all,
	       u.done);
	if (u.done)
		puts("Activity begins anew: what index/ knew of sessions of "
		     "before went with it.");
	return result;
}
