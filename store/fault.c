/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fault points, in test builds alone. Keeps a count: the one place that does.
 */
#include "common/base.h"
#include "store/fault.h"

#ifdef ENABLE_FAULT_POINTS

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "common/num.h"

static void note(const char *file, const char *name)
{
	int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		return;
	dprintf(fd, "%s\n", name);
	close(fd);
}

/* By its name: the first of that name. By a number: the Nth that is passed. */
static bool is_chosen(const char *at, const char *name, uint64_t passed)
{
	uint64_t wanted;

	if (num_parse(at, strlen(at), UINT64_MAX, &wanted))
		return passed == wanted;
	return strcmp(at, name) == 0;
}

void fault_point(const char *name)
{
	static uint64_t passed;
	const char *file = getenv("RESTANTE_FAULT_LOG");
	const char *at = getenv("RESTANTE_FAULT_POINT");
	const char *stop = getenv("RESTANTE_FAULT_STOP");

	passed++;
	if (file)
		note(file, name);
	if (at && is_chosen(at, name, passed))
		kill(getpid(), SIGKILL);
	if (stop && is_chosen(stop, name, passed))
		kill(getpid(), SIGSTOP);
}

#else
typedef int fault_points_are_off; /* ISO C wants something in a file */
#endif
