/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `setup` is a script beside this program: it runs the system's commands and
 * ours, and no other command of this one does the former. The table of options
 * is here, as for every command.
 */
#include "common/base.h"
#include "handlers/tool/command.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "common/log.h"
#include "handlers/admin/sibling_program.h"

/* As one word: --name or --name=value. */
static char *option_word(const struct tool_option *o)
{
	const char *value = o->value ? o->value : "";
	size_t n = strcspn(o->name, "= ");
	size_t size = strlen("--=") + n + strlen(value) + 1;
	char *word = xcalloc(1, size);

	snprintf(word, size, "--%.*s%s%s", (int)n, o->name, o->value ? "=" : "",
		 value);
	return word;
}

TOOL_RUN(setup)
{
	char path[PATH_MAX];
	char **argv;

	if (strcmp(t->conf_file, conf_default_file()) != 0)
		return err_set(e, ERR_CONFIG,
			       "setup is about the services of this host, "
			       "which read %s",
			       conf_default_file());
	if (sibling_program_path("setup", path, e) < 0)
		return -1;
	argv = xcalloc(a->n_options + 2, sizeof(*argv));
	argv[0] = path;
	for (size_t i = 0; i < a->n_options; i++)
		argv[i + 1] = option_word(&a->options[i]);
	/* Ours alone: the programs of a pipe end by it. */
	if (signal(SIGPIPE, SIG_DFL) == SIG_ERR)
		return err_sys(e, "SIGPIPE");
	execv(path, argv);
	return err_sys(e, "%s", path);
}
