/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Units that may write where restante.conf says that things are, and timers, or
 * cron's files where systemd is not running.
 */
#include "common/base.h"
#include "handlers/doctor/units.h"

#include <limits.h>
#include <unistd.h>

#include "common/service_port.h"
#include "handlers/admin/unit_files.h"

enum { NAME_SIZE = 80 };

/* --- what a unit may write ------------------------------------------------ */

struct writable {
	const char *path; /* that it has to write */
	bool is_strict;	  /* ProtectSystem: all else is read only */
	bool is_there;
};

/* "-/var/lib/restante": the path itself, or what lies above it. */
static bool covers(const char *word, size_t n, const char *path)
{
	while (n && (*word == '-' || *word == '+'))
		word++, n--;
	while (n > 1 && word[n - 1] == '/')
		n--;
	return n && strncmp(word, path, n) == 0 &&
	       (n == 1 || path[n] == '\0' || path[n] == '/');
}

/* An empty list forgets those before it (systemd.exec(5)). */
static void take_paths(struct writable *w, const char *list)
{
	if (!*list)
		w->is_there = false;
	while (*list) {
		size_t n = strcspn(list, " \t");

		w->is_there |= covers(list, n, w->path);
		list += n + strspn(list + n, " \t");
	}
}

static void take_line(const char *key, const char *value, void *arg)
{
	struct writable *w = arg;

	if (strcmp(key, "ReadWritePaths") == 0)
		take_paths(w, value);
	else if (strcmp(key, "ProtectSystem") == 0)
		w->is_strict = strcmp(value, "strict") == 0;
}

static void check_path(const char *root, const char *unit, const char *path,
		       struct findings *f)
{
	struct writable w = {.path = path};
	char act[PATH_MAX + NAME_SIZE + 64];

	if (!unit_lines(root, unit, take_line, &w) || !w.is_strict ||
	    w.is_there)
		return;
	snprintf(act, sizeof(act),
		 "systemctl edit %s, and below [Service]: "
		 "ReadWritePaths=%s",
		 unit, path);
	fault(f, unit, act,
	      "may not write %s, which restante.conf names: ReadWritePaths has "
	      "it not",
	      path);
}

/* --- services ------------------------------------------------------------- */

static void take_accept(const char *key, const char *value, void *arg)
{
	if (strcmp(key, "Accept") == 0)
		*(bool *)arg = strcmp(value, "yes") == 0;
}

/* Both shapes are installed; the socket says which one it starts. */
static void check_service(const struct conf *conf, const char *root,
			  const char *name, struct findings *f)
{
	char unit[NAME_SIZE];
	bool one_each = false;

	snprintf(unit, sizeof(unit), "restante-%s.socket", name);
	if (!unit_is_wanted(root, "sockets", unit))
		return;
	(void)unit_lines(root, unit, take_accept, &one_each);
	snprintf(unit, sizeof(unit), "restante-%s%s.service", name,
		 one_each ? "@" : "");
	check_path(root, unit, conf->store, f);
	check_path(root, unit, conf->runtime, f);
}

/* --- timers --------------------------------------------------------------- */

struct timer {
	const char *name;
	bool is_needed;
	const char *without;
};

static const struct timer timers[] = {
	{"sweep", true, "what was collected is not removed from the disk"},
	{"settle", true,
	 "new passwords come into force when somebody runs a command"},
	{"ledger", false, "there is no evidence of what happened"},
};

static bool is_there(const char *root, const char *path, const char *name)
{
	char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s%s%s", root, path, name);
	return access(whole, F_OK) == 0;
}

/* Where systemd runs, what is in cron's files does nothing (units/cron). */
static bool is_run(const char *root, const struct timer *t)
{
	char unit[NAME_SIZE];

	if (!is_there(root, "/run/systemd/system", ""))
		return is_there(root, "/etc/cron.d/restante-", t->name);
	snprintf(unit, sizeof(unit), "restante-%s.timer", t->name);
	return unit_is_wanted(root, "timers", unit);
}

static void check_timer(const char *root, const struct timer *t,
			struct findings *f)
{
	char act[NAME_SIZE + 64], unit[NAME_SIZE];

	if (is_run(root, t))
		return;
	snprintf(unit, sizeof(unit), "restante-%s.timer", t->name);
	snprintf(act, sizeof(act), "systemctl enable --now %s", unit);
	findings_add(f, t->is_needed ? FINDING_FAULT : FINDING_REMARK, unit,
		     act,
		     "is not enabled, nor is it run by cron where systemd is "
		     "not: %s",
		     t->without);
}

static void check_timer_writes(const struct conf *conf, const char *root,
			       struct findings *f)
{
	check_path(root, "restante-sweep.service", conf->store, f);
	check_path(root, "restante-settle.service", conf->store, f);
	check_path(root, "restante-ledger.service", conf->ledger.path, f);
}

void units_check(const struct conf *conf, const char *root, struct findings *f)
{
	for (size_t i = 0; i < SERVICES; i++)
		check_service(conf, root, service_name((enum service)i), f);
	for (size_t i = 0; i < N_ELEMENTS(timers); i++)
		check_timer(root, &timers[i], f);
	check_timer_writes(conf, root, f);
}
