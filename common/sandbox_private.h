/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the sandbox. For common/sandbox*.c alone. */
#ifndef RESTANTE_COMMON_SANDBOX_PRIVATE_H
#define RESTANTE_COMMON_SANDBOX_PRIVATE_H

#include "common/sandbox.h"

/*
 * Landlock: a ruleset. 1: the kernel has none, or none that is of use; e says
 * why. has_keys: no certificate and no key is read.
 */
int sandbox_files(enum sandbox_row row, const struct conf *conf, bool has_keys,
		  int *ruleset_r, struct err *e);

/* Enters it and closes it; no_new_privs was set before. */
int sandbox_restrict(int *ruleset, struct err *e);

/* seccomp; no_new_privs was set before. */
int sandbox_calls(enum sandbox_row row, struct err *e);

#endif
