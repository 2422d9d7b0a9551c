/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads files that root has written, and asks no daemon. */
#include "common/base.h"
#include "handlers/admin/unit_files.h"

#include <sys/stat.h>

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

enum { LINE_SIZE = 1024 };

/* --- lines "Key=value" ---------------------------------------------------- */

/* Cut at both ends, in place. */
static char *trim(char *text)
{
	size_t n;

	text += strspn(text, " \t");
	n = strlen(text);
	while (n && strchr(" \t\r\n", text[n - 1]))
		text[--n] = '\0';
	return text;
}

bool unit_file_lines(const char *path, unit_line each, void *arg)
{
	FILE *in = fopen(path, "re");
	char line[LINE_SIZE];

	if (!in)
		return false;
	while (fgets(line, sizeof(line), in)) {
		char *equals = strchr(line, '=');

		if (!equals || strchr("#;", line[strspn(line, " \t")]))
			continue;
		*equals = '\0';
		each(trim(line), trim(equals + 1), arg);
	}
	fclose(in);
	return true;
}

/* --- units ---------------------------------------------------------------- */

/* Where units lie, the first before the others (systemd.unit(5)). */
static const char *const unit_folders[] = {
	"/etc/systemd/system",		 "/run/systemd/system",
	"/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
	"/lib/systemd/system",
};

static int is_drop_in(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && n > 5 &&
	       strcmp(d->d_name + n - 5, ".conf") == 0;
}

/* One drop-in file, unless a folder before this one has another for it. */
static void read_drop_in(const char *root, size_t folder, const char *unit,
			 const char *file, unit_line each, void *arg)
{
	char path[PATH_MAX];

	for (size_t i = 0; i <= folder; i++) {
		snprintf(path, sizeof(path), "%s%s/%s.d/%s", root,
			 unit_folders[i], unit, file);
		if (i < folder && access(path, F_OK) == 0)
			return;
	}
	(void)unit_file_lines(path, each, arg);
}

/* The folders of least weight come first here, as what is later counts. */
static void read_drop_ins(const char *root, const char *unit, unit_line each,
			  void *arg)
{
	for (size_t i = N_ELEMENTS(unit_folders); i-- > 0;) {
		struct dirent **list;
		char path[PATH_MAX];
		int n;

		snprintf(path, sizeof(path), "%s%s/%s.d", root, unit_folders[i],
			 unit);
		n = scandir(path, &list, is_drop_in, alphasort);
		for (int k = 0; k < n; k++) {
			read_drop_in(root, i, unit, list[k]->d_name, each, arg);
			free(list[k]);
		}
		if (n >= 0)
			free(list);
	}
}

bool unit_lines(const char *root, const char *unit, unit_line each, void *arg)
{
	char path[PATH_MAX];
	bool is_there = false;

	for (size_t i = 0; !is_there && i < N_ELEMENTS(unit_folders); i++) {
		snprintf(path, sizeof(path), "%s%s/%s", root, unit_folders[i],
			 unit);
		is_there = unit_file_lines(path, each, arg);
	}
	read_drop_ins(root, unit, each, arg);
	return is_there;
}

bool unit_is_wanted(const char *root, const char *target, const char *unit)
{
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s%s/%s.target.wants/%s", root,
			 unit_folders[i], target, unit);
		if (lstat(path, &st) == 0)
			return true;
	}
	return false;
}
