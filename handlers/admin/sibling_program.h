/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs of ours that stand beside this one, wherever both were installed. */
#ifndef RESTANTE_HANDLERS_ADMIN_SIBLING_PROGRAM_H
#define RESTANTE_HANDLERS_ADMIN_SIBLING_PROGRAM_H

#include <limits.h>

#include "common/err.h"

/* The path of the program `name` in this program's own directory. */
int sibling_program_path(const char *name, char path_r[PATH_MAX],
			 struct err *e) MUST_USE;

#endif
