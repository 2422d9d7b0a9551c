/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is counted by the hour: sessions, and what was refused. Counts stand in
 * memory while their hour goes on.
 */
#ifndef RESTANTE_HANDLERS_LEDGER_HOUR_H
#define RESTANTE_HANDLERS_LEDGER_HOUR_H

#include "handlers/ledger/book.h"

/* Enters them, and begins anew. */
int hour_enter(struct book *b, struct err *e) MUST_USE;

/* The same where their hour is over. */
int hour_end(struct book *b, int64_t now, struct err *e) MUST_USE;

#endif
