/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `ledger adopt`, `resume` and `drop`: the ledger's own program does it, as the
 * ledger's user, who has the key; here it is asked for and told. Nobody but
 * root, and that user, comes this far.
 */
#include "common/base.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "handlers/admin/sibling_program.h"
#include "handlers/tool/args.h"
#include "handlers/tool/ask.h"
#include "handlers/tool/json.h"
#include "handlers/tool/ledger.h"
#include "handlers/tool/store.h"
#include "store/ledger/judge_all.h"

/* --- as whom ---------------------------------------------------------------
 */

static int become_ledger(const struct tool *t, struct err *e)
{
	const char *path = t->conf->ledger.path;
	struct stat st;

	if (stat(path, &st) < 0)
		return err_open(e, "%s", path);
	if (geteuid() != 0 && geteuid() != st.st_uid)
		return err_set(e, ERR_PASSWORD,
			       "%s: what becomes of a ledger only root decides",
			       path);
	return tool_become_owner_of(path, e);
}

/* --- the program -----------------------------------------------------------
 */

NO_RETURN static void become_program(const char *path, const struct tool *t,
				     const char *act, const char *name,
				     const char *reason)
{
	const char *const argv[] = {path, "-c",	      t->conf_file, act,
				    name, "--reason", reason,	    NULL};

	execv(path, (char *const *)(uintptr_t)argv);
	_exit(75);
}

/* Its exit status; it has said why. */
static int run_program(const struct tool *t, const char *act, const char *name,
		       const char *reason, struct err *e)
{
	char path[PATH_MAX];
	pid_t pid;
	int status;

	if (sibling_program_path("ledger", path, e) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		become_program(path, t, act, name, reason);
	if (pid < 0)
		return err_sys(e, "fork");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for ledger");
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return err_set(e, ERR_TEMP,
		       "ledger was ended by signal %d: the next run goes on "
		       "from where it was",
		       WTERMSIG(status));
}

/* --- what has become of it -------------------------------------------------
 */

struct outcome {
	struct entry_ledger first;
	uint64_t found, missing, differs;
};

static void count(void *arg, const struct judged *j)
{
	struct outcome *o = arg;

	if (j->verdict != JUDGE_COUNTS || j->source != JUDGE_LEDGER)
		return;
	if (j->entry.kind == ENTRY_LEDGER)
		o->first = j->entry.ledger;
	o->found += j->entry.kind == ENTRY_KEPT;
	o->missing += j->entry.kind == ENTRY_MISSING;
	o->differs += j->entry.kind == ENTRY_DIFFERS;
}

static void print_outcome(const struct outcome *o)
{
	const struct entry_before *b = &o->first.before;

	printf("origin: %s\nafter: %s\nentries before: %" PRIu64 "\n",
	       o->first.origin, b->origin, b->size);
	printf("found there: %" PRIu64 "\nmissing: %" PRIu64 "\n", o->found,
	       o->missing);
	if (o->differs)
		printf("not what was received: %" PRIu64 "\n", o->differs);
}

static void write_outcome(const char *name, const struct outcome *o)
{
	const struct entry_before *b = &o->first.before;
	struct json j = {0};

	json_array_begin(&j);
	json_object_begin(&j);
	json_text(&j, "ledger", name);
	json_text(&j, "act", b->act);
	json_text(&j, "origin", o->first.origin);
	json_text(&j, "after", b->origin);
	json_number(&j, "entries-before", b->size);
	json_text(&j, "reason", b->reason);
	json_number(&j, "found", o->found);
	json_number(&j, "missing", o->missing);
	json_number(&j, "differs", o->differs);
	json_object_end(&j);
	json_array_end(&j);
}

static int tell(struct tool *t, const char *name, bool as_json, struct err *e)
{
	int dir = tool_ledger_of(t, name, e), result;
	struct outcome o = {.found = 0};

	if (dir < 0)
		return -1;
	result = judge_all(dir, false, count, &o, e);
	close(dir);
	if (result == 0 && as_json)
		write_outcome(name, &o);
	else if (result == 0)
		print_outcome(&o);
	return result;
}

/* --- the commands ----------------------------------------------------------
 */

static int begin(struct tool *t, const struct tool_args *a,
		 char name_r[TOOL_LEDGER_NAME_SIZE], struct err *e)
{
	if (tool_ledger_name(t, a->words[0], name_r, e) < 0)
		return -1;
	return become_ledger(t, e);
}

static const char *reason_of(const struct tool_args *a)
{
	const char *reason = tool_value(a, "reason");

	return reason ? reason : "";
}

static int succeed(struct tool *t, const struct tool_args *a, const char *act,
		   struct err *e)
{
	char name[TOOL_LEDGER_NAME_SIZE];
	int result;

	if (begin(t, a, name, e) < 0)
		return -1;
	result = run_program(t, act, name, reason_of(a), e);
	if (result == 0)
		result = tell(t, name, tool_has(a, "json"), e);
	return result;
}

TOOL_RUN(ledger_adopt)
{
	return succeed(t, a, "--adopt", e);
}

TOOL_RUN(ledger_resume)
{
	if (!reason_of(a)[0])
		return err_set(e, ERR_CONFIG,
			       "--reason TEXT is needed: it stands in the "
			       "ledger for good");
	return succeed(t, a, "--resume", e);
}

static void tell_dropped(const char *name, bool as_json)
{
	struct json j = {0};

	if (!as_json) {
		printf("%s: dropped; the host's ledger says so\n", name);
		return;
	}
	json_array_begin(&j);
	json_object_begin(&j);
	json_text(&j, "ledger", name);
	json_text(&j, "act", "drop");
	json_object_end(&j);
	json_array_end(&j);
}

TOOL_RUN(ledger_drop)
{
	char name[TOOL_LEDGER_NAME_SIZE];
	int result;

	if (begin(t, a, name, e) < 0)
		return -1;
	if (strcmp(name, "host") == 0)
		return err_set(e, ERR_CONFIG, "the host's ledger stays");
	if (!tool_has(a, "yes") &&
	    tool_confirm("What it proves of this mailbox is gone with it.",
			 name, e) < 0)
		return -1;
	result = run_program(t, "--drop", name, reason_of(a), e);
	if (result == 0)
		tell_dropped(name, tool_has(a, "json"));
	return result;
}
