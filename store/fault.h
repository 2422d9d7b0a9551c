/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbered places at which a test ends the process as KILL would. Compiled to
 * nothing unless configured with --enable-fault-points; then the environment
 * variable RESTANTE_FAULT_POINT=N ends the process at the Nth place it comes
 * to, or =NAME at the first of that name; RESTANTE_FAULT_STOP stops it there,
 * as STOP would, and RESTANTE_FAULT_LOG=FILE writes their names, one a line.
 */
#ifndef RESTANTE_STORE_FAULT_H
#define RESTANTE_STORE_FAULT_H

#include "common/base.h"

#ifdef ENABLE_FAULT_POINTS
void fault_point(const char *name);
#else
static inline void fault_point(UNUSED const char *name)
{
}
#endif

#endif
