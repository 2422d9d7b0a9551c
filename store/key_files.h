/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of a mailbox that hold its sealed keys: their names, and reading
 * them. Only the administrator's programs write them.
 */
#ifndef RESTANTE_STORE_KEY_FILES_H
#define RESTANTE_STORE_KEY_FILES_H

#include "store/mailbox_private.h"

#define KEY_FILE	  "identity.age"
#define KEY_FILE_NEXT	  "identity.age.next"
#define KEY_FILE_RECOVERY "identity.recovery.age"

/* Stands in a mailbox while a reset is not complete: its keys are nobody's. */
#define KEY_RESET_MARK "reset.unfinished"

enum { KEY_FILE_MAX = 64 * 1024 };

/* ERR_ABSENT, ERR_TEMP. */
int key_file_read(const struct mailbox *m, const char *name, struct buf *out,
		  struct err *e) MUST_USE;
/* The same; out stays empty where there is no such file. */
int key_file_read_if_there(const struct mailbox *m, const char *name,
			   struct buf *out, struct err *e) MUST_USE;

/* ERR_TEMP while a reset has not been completed. */
int key_files_unfinished(const struct mailbox *m, struct err *e) MUST_USE;

#endif
