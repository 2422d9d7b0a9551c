/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small files of the ledger, read whole and replaced durably. */
#ifndef RESTANTE_HANDLERS_LEDGER_FILES_H
#define RESTANTE_HANDLERS_LEDGER_FILES_H

#include <sys/types.h>

#include "common/buf.h"
#include "common/err.h"

/* ERR_ABSENT: there is none. */
int files_read(int dir, const char *name, struct buf *out,
	       struct err *e) MUST_USE;

/* All of it, at that place. -1: errno says why. */
int files_write_at(int fd, const struct buf *bytes, uint64_t at) MUST_USE;

/* Beside it, synced, renamed over it, the directory synced. */
int files_replace(int dir, const char *name, mode_t mode,
		  const struct buf *bytes, struct err *e) MUST_USE;

/*
 * Makes the name of that directory durable. Whoever found it there owes it
 * this, too: who made it may have been killed before.
 */
int files_sync_parent(int fd, const char *name, struct err *e) MUST_USE;

/*
 * Opens the directory, made where it is not there; the bit that gives what is
 * made in it the group of its parent comes from there.
 */
int files_directory(int dir, const char *name, mode_t mode,
		    struct err *e) MUST_USE;

#endif
