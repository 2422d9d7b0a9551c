/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the last page found out at some cost, in files of the console's own
 * directory, so that the next need not: each with the stamp of the file that
 * it was read from, and worth nothing once that has changed. All of it may be
 * deleted at any time.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_PARTS_CACHE_FILE_H
#define RESTANTE_HANDLERS_CONSOLE_PARTS_CACHE_FILE_H

#include <sys/stat.h>
#include <time.h>

#include "common/buf.h"

enum { FILE_STAMP_SIZE = 112 };

/* What changes whenever the file does, as one word. */
void file_stamp(const struct stat *st, char out[FILE_STAMP_SIZE]);

/*
 * Whether it has not been changed for so long that another change would show
 * in its stamp: a file system's clock is coarser than its stamps.
 */
bool file_is_settled(const struct stat *st, time_t now);

/* Appends the file. False: there is none, or it cannot be read. */
bool cache_file_read(int state, const char *name, struct buf *out);

/* Replaces it; where that fails, the next page asks again. */
void cache_file_write(int state, const char *name, const struct buf *text,
		      time_t now);

#endif
