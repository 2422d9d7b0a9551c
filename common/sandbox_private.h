/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the sandbox. For common/sandbox*.c alone. */
#ifndef RESTANTE_COMMON_SANDBOX_PRIVATE_H
#define RESTANTE_COMMON_SANDBOX_PRIVATE_H

#include "common/sandbox.h"

/* Landlock. 1: the kernel has none, or none that is of use; e says why. */
int sandbox_files(enum sandbox_row row, const struct conf *conf, struct err *e);

/* seccomp; no_new_privs was set before. */
int sandbox_calls(enum sandbox_row row, struct err *e);

#endif
