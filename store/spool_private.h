/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reading and appending share: spools as names in a directory. */
#ifndef RESTANTE_STORE_SPOOL_PRIVATE_H
#define RESTANTE_STORE_SPOOL_PRIVATE_H

#include <sys/stat.h>

#include "store/spool.h"

/* spool/ of a mailbox; ERR_STATE: there is none. The caller closes it. */
int spool_open_directory(const struct mailbox *m, struct err *e) MUST_USE;

/* Lists what an open spool/ has, and closes fd. */
int spool_scan_at(const struct mailbox *m, int fd, struct spool_list *l,
		  struct err *e) MUST_USE;

/* Opens a name in it, with its errors as spool_open() has them. */
int spool_open_at(const struct mailbox *m, int dir, const char *name, int flags,
		  struct stat *st_r, struct err *e) MUST_USE;

#endif
