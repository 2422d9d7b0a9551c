/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the writer of the seccomp filters and their loader agree on. */
#ifndef RESTANTE_COMMON_SANDBOX_CALLS_H
#define RESTANTE_COMMON_SANDBOX_CALLS_H

#include "common/sandbox.h"

/* Stands in the filters for the process's own id. No process has this one:
 * the kernel's largest is 2^22. */
#define SANDBOX_OWN_PID 0x4f574e50u

#endif
