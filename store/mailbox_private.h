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

/* What a link in aliases/ holds, before the mailbox's id. */
#define ALIAS_TARGET "../mailboxes/"

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

/* The bytes of `lock` that are locked, each for one purpose. */
enum mailbox_byte {
	MAILBOX_BYTE_INDEX = 0,	  /* exclusive: inside the index */
	MAILBOX_BYTE_COLLECT = 1, /* exclusive: collecting */
	MAILBOX_BYTE_USE =
		2, /* shared: in a transaction; exclusive: deleting */
};

/*
 * Takes a byte, waiting at most wait_ms (0: tries once). ERR_BUSY where
 * somebody else keeps it. The kernel releases it when its holder dies.
 */
int mailbox_lock_byte(struct mailbox *m, enum mailbox_byte byte, bool exclusive,
		      unsigned wait_ms, struct err *e) MUST_USE;
void mailbox_unlock_byte(struct mailbox *m, enum mailbox_byte byte);

/* What `lock` says about the index; read and written under byte 0. */
struct marker {
	bool valid;	   /* false: never written, or torn */
	bool dirty;	   /* somebody went in and did not come out well */
	uint32_t attempts; /* recoveries begun and not completed */
	uint8_t boot_id[16];
	uint64_t generation; /* counts recoveries and rebuilds */
	uint64_t lock_dev, lock_ino;
	uint64_t index_dev, index_ino;
};

int marker_read(const struct mailbox *m, struct marker *marker_r,
		struct err *e);
int marker_write(const struct mailbox *m, const struct marker *marker,
		 struct err *e);

int counters_write(const struct mailbox *m, const struct counters *c,
		   struct err *e);

/*
 * A password change in progress. Handlers may not write keys, so the first
 * login with the new password leaves a record in `lock` that names the very
 * file identity.age.next (device, inode, change time): from then on the old
 * password is refused, and the administrator's next command moves the file.
 */
int mailbox_mark_next_used(const struct mailbox *m, const struct stat *next,
			   struct err *e);
bool mailbox_next_used(const struct mailbox *m, const struct stat *next);

/* Reads a whole small file of the mailbox's directory. ERR_ABSENT, ERR_TEMP. */
int mailbox_read_file(const struct mailbox *m, const char *name,
		      struct buf *out, struct stat *st_r, struct err *e);

#endif
