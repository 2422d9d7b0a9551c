/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a ledger keeps those that it goes on behind. */
#ifndef RESTANTE_STORE_LEDGER_FORMER_NAME_H
#define RESTANTE_STORE_LEDGER_FORMER_NAME_H

#include "common/random_id.h"

#define FORMER_DIRECTORY "former"

enum { FORMER_NAME_SIZE = ULID_LEN + 1 };

/*
 * The folder's name: the ULID at the end of its origin, or, where nobody knows
 * that any more, of the one that goes on.
 */
void former_name(const char *origin, const char *next,
		 char name_r[FORMER_NAME_SIZE]);

/* That folder in the ledger's own, no link followed; -1: errno. */
int former_folder(int dir, const char *origin, const char *next) MUST_USE;

#endif
