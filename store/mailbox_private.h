/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of an open mailbox, for the files of store/ alone: its
 * directories, and what its lock file holds.
 */
#ifndef RESTANTE_STORE_MAILBOX_PRIVATE_H
#define RESTANTE_STORE_MAILBOX_PRIVATE_H

#include <sys/stat.h>

#include "common/digest.h"
#include "store/store.h"

/* One message kept by this process, until its line is in a spool. */
struct kept_fact {
	char ulid[ULID_LEN + 1];
	uint64_t octets;
	uint8_t sha256[DIGEST_SIZE];
	int64_t when;
	bool counted; /* in the counters already */
};

/* Those of one mailbox (account.c). */
struct account {
	char id[MAILBOX_ID_LEN + 1];
	struct kept_fact *list;
	size_t n;
	struct account *next;
};

struct store {
	char *path;
	int dir;	  /* the store */
	int mailboxes;	  /* mailboxes/ */
	uint64_t reserve; /* octets that mail leaves free */
	char *who, *how;  /* for whom changes are made; or NULL */
	char *ledger;	  /* the place of ledgers; or NULL */
	struct account *accounts;
};

/* What a link in aliases/ holds, before the mailbox's id. */
#define ALIAS_TARGET "../mailboxes/"

struct mailbox {
	struct store *store; /* borrowed */
	char id[MAILBOX_ID_LEN + 1];
	int dir; /* mailboxes/<id> */
	int tmp;
	int cur;
	int gone; /* -1 until it is needed: leaving_open() */
	int lock; /* an open file description of its own: OFD locks */
	struct mailbox_conf settings;
	struct stat settings_file; /* they are what it said; or all zero */
};

/*
 * Whether mail is still sealed to the keys that m's settings name. False, too,
 * where that cannot be read.
 */
bool mailbox_has_its_keys(const struct mailbox *m);

/*
 * Whether nothing of it may be cut or removed, as its settings are now. True,
 * too, where that cannot be read.
 */
bool mailbox_is_on_hold(const struct mailbox *m);

/* Reads a whole small file of the mailbox's directory. ERR_ABSENT, ERR_TEMP. */
int mailbox_read_file(const struct mailbox *m, const char *name,
		      struct buf *out, struct stat *st_r, struct err *e);

#endif
