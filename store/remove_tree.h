/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESTANTE_STORE_REMOVE_TREE_H
#define RESTANTE_STORE_REMOVE_TREE_H

#include "common/err.h"

/*
 * Removes a directory and all in it, to a bounded depth. Others may be doing
 * the same.
 */
int remove_tree(int at, const char *name, struct err *e);

#endif
