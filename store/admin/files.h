/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files and directories of a mailbox that only its owner writes: made with
 * exact rights, durable before they count, removed whole. For store/admin*.c.
 */
#ifndef RESTANTE_STORE_ADMIN_FILES_H
#define RESTANTE_STORE_ADMIN_FILES_H

#include "common/buf.h"
#include "common/err.h"

/*
 * The rights of design and docs/store.md. The group follows the directory
 * above, which has the set-group-id bit.
 */
enum {
	ADMIN_MODE_DIR = 02750,	       /* handlers read */
	ADMIN_MODE_DIR_SHARED = 02770, /* handlers write */
	ADMIN_MODE_FILE = 0640,
	ADMIN_MODE_FILE_SHARED = 0660,
};

/* Exactly these rights for an open file or directory. */
int admin_set_rights(int fd, const char *name, mode_t mode,
		     struct err *e) MUST_USE;

/* Makes a directory that was not there, and opens it. -1: e. */
int admin_make_directory(int at, const char *name, mode_t mode,
			 struct err *e) MUST_USE;

/* Writes a file that was not there, and syncs it (not its directory). */
int admin_make_file(int at, const char *name, mode_t mode, const void *bytes,
		    size_t n, struct err *e) MUST_USE;

/* Puts the file in place of the old one at once: temporary, rename, fsync. */
int admin_replace_file(int at, const char *name, mode_t mode,
		       const struct buf *bytes, struct err *e) MUST_USE;

/* rename() within the directory, made durable. */
int admin_rename(int at, const char *from, const char *to,
		 struct err *e) MUST_USE;

/* Unlinks; a file that is not there is none too many. Not synced. */
int admin_unlink(int at, const char *name, struct err *e) MUST_USE;

int admin_sync(int fd, const char *name, struct err *e) MUST_USE;

#endif
