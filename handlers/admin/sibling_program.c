/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where this program is, the kernel knows. */
#include "common/base.h"
#include "handlers/admin/sibling_program.h"

#include <unistd.h>

int sibling_program_path(const char *name, char path_r[PATH_MAX], struct err *e)
{
	char own[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	const char *slash;

	if (n < 0)
		return err_sys(e, "/proc/self/exe");
	own[n] = '\0';
	slash = strrchr(own, '/');
	if (!slash || snprintf(path_r, PATH_MAX, "%.*s/%s", (int)(slash - own),
			       own, name) >= PATH_MAX)
		return err_set(e, ERR_CONFIG, "the path of %s is too long",
			       name);
	return 0;
}
