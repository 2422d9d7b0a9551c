/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits that need no sandbox. Never lifts one. */
#include "common/base.h"
#include "common/limit_process.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <signal.h>

#include "common/log.h"

void limit_process(void)
{
	const struct rlimit none = {0, 0};

	umask(0007);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		die_temp("limits of the process: %s", strerror(errno));
}
