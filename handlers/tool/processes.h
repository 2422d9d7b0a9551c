/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which programs of ours have a store open, found by what they hold. Of no use
 * to anything but the upgrade.
 */
#ifndef RESTANTE_HANDLERS_TOOL_PROCESSES_H
#define RESTANTE_HANDLERS_TOOL_PROCESSES_H

#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t pid;
	uint64_t started; /* of the boot, in ticks: a pid may be given anew */
};

/*
 * Ours, beside this one, that have directory `store` open: every program of
 * either format opens it before it looks at `format`, and keeps it. Where the
 * kernel does not let us see what a process holds (only root sees that of
 * handlers), its configuration is asked which store it is for, but not by root,
 * who reads no file that somebody else's process names; where it is not to be
 * told it counts. Frees nothing: *list_r is the caller's.
 */
size_t processes_with(const char *store, struct process **list_r);

bool process_runs(const struct process *p);

#endif
