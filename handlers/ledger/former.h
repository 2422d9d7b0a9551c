/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of a ledger that another one takes the place of, and of one that is
 * dropped. Each is finished by the next run, whatever was killed.
 */
#ifndef RESTANTE_HANDLERS_LEDGER_FORMER_H
#define RESTANTE_HANDLERS_LEDGER_FORMER_H

#include "handlers/ledger/book.h"

/* Moves them to former/<ULID of their origin>, or what m says that was. */
int former_move(int dir, const struct memory *m, struct err *e) MUST_USE;

/* That folder. ERR_ABSENT: none of the former's files is there. */
int former_open(int dir, const struct memory *m, struct err *e) MUST_USE;

/* Removes a ledger's folder, and its memory last. */
int former_drop(const struct ledger_place *p, const char *name,
		struct err *e) MUST_USE;

#endif
