/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Entering the sandbox, in one order: limits, no new privileges, files, system
 * calls. Each step takes something away; none can be undone.
 */
#include "common/base.h"
#include "common/sandbox_private.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/log.h"

#define MIB ((rlim_t)1024 * 1024)

/* Address space: generous, since it is no memory. It bounds what a bug takes;
 * the unit bounds memory. */
static const rlim_t address_space[SANDBOX_N_ROWS] = {
	[SANDBOX_RECEIVER] = 512 * MIB,
	[SANDBOX_PROXY] = 1024 * MIB, /* the list of what was fetched before */
	/* The list of all that waits, and scrypt: 256 MiB at log-n = 18. */
	[SANDBOX_COLLECTOR] = 2048 * MIB,
	[SANDBOX_DIALLER] = 512 * MIB,
	/* All ULIDs that wait, while they are compared. */
	[SANDBOX_LEDGER] = 2048 * MIB,
};

/* A receiver holds five for each of max-mailboxes, which may be 100. */
static const rlim_t files_open[SANDBOX_N_ROWS] = {
	[SANDBOX_RECEIVER] = 600,  [SANDBOX_PROXY] = 256,
	[SANDBOX_COLLECTOR] = 256, [SANDBOX_DIALLER] = 256,
	[SANDBOX_LEDGER] = 600, /* every spool of a mailbox, and a few */
};

/* What is limited below that already stays so. */
static int set_limit(unsigned what, rlim_t most)
{
	struct rlimit r;

	if (getrlimit(what, &r) < 0)
		return -1;
	if (r.rlim_max > most)
		r.rlim_max = most;
	r.rlim_cur = r.rlim_max;
	return setrlimit(what, &r);
}

static int set_limits(enum sandbox_row row, struct err *e)
{
	if (set_limit(RLIMIT_CORE, 0) < 0 || set_limit(RLIMIT_NPROC, 0) < 0 ||
	    set_limit(RLIMIT_NOFILE, files_open[row]) < 0 ||
	    set_limit(RLIMIT_AS, address_space[row]) < 0)
		return err_sys(e, "limits of the process");
	return 0;
}

/* Of an old kernel nobody need be warned anew by each connection. */
static void log_absence(const struct err *e)
{
	if (e->kind == ERR_NONE)
		log_info("%s", e->text);
	else
		log_warn("%s", e->text);
}

int sandbox_prepare(struct sandbox *s_r, enum sandbox_row row,
		    const struct conf *conf, bool has_keys, struct err *e)
{
	int made;

	*s_r = (struct sandbox){.row = row, .files = -1};
	made = sandbox_files(row, conf, has_keys, &s_r->files, e);
	/* The session says it for its dialler. */
	if (made > 0 && row != SANDBOX_DIALLER)
		log_absence(e);
	return made < 0 ? -1 : 0;
}

int sandbox_enter_prepared(struct sandbox *s, struct err *e)
{
	if (set_limits(s->row, e) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "no_new_privs");
	if (s->files >= 0 && sandbox_restrict(&s->files, e) < 0)
		return -1;
	return sandbox_calls(s->row, e);
}

int sandbox_enter(enum sandbox_row row, const struct conf *conf, struct err *e)
{
	struct sandbox s;

	if (sandbox_prepare(&s, row, conf, false, e) < 0)
		return -1;
	return sandbox_enter_prepared(&s, e);
}
