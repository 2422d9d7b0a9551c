/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of an open mailbox, for the files of store/ alone: its
 * directories, and what its lock file holds. Nothing here talks to Berkeley
 * DB.
 */
#ifndef RESTANTE_STORE_MAILBOX_PRIVATE_H
#define RESTANTE_STORE_MAILBOX_PRIVATE_H

#include <sys/stat.h>

#include "store/store.h"

struct store {
	char *path;
	int dir;       /* the store */
	int mailboxes; /* mailboxes/ */
};

struct mailbox {
	struct store *store; /* borrowed */
	char id[MAILBOX_ID_LEN + 1];
	int dir; /* mailboxes/<id> */
	int tmp;
	int cur;
	int lock; /* an open file description of its own: OFD locks */
	struct mailbox_conf settings;
	struct stat settings_file; /* they are what it said; or all zero */
};

/* Reads a whole small file of the mailbox's directory. ERR_ABSENT, ERR_TEMP. */
int mailbox_read_file(const struct mailbox *m, const char *name,
		      struct buf *out, struct stat *st_r, struct err *e);

#endif
