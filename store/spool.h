/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The spools of a mailbox, as files: what happened is appended to them by
 * whoever did it. They are never waited for long, and never trusted: a name
 * that is not a regular file with one link of bounded size is no spool. For
 * the files of store/.
 */
#ifndef RESTANTE_STORE_SPOOL_H
#define RESTANTE_STORE_SPOOL_H

#include "store/ledger/spool_reader.h"
#include "store/mailbox_private.h"
#include "store/name.h"

enum {
	SPOOLS_MAX = 96,		   /* of one mailbox */
	SPOOL_ROTATE_OCTETS = 1024 * 1024, /* then the next one is begun */
	/* More than that are there only where a ledger is behind: then they
	 * grow longer, so that days of them have room. */
	SPOOLS_SHORT = 48,
	SPOOL_LONG_OCTETS = 60 * 1024 * 1024,
	SPOOL_NAME_SIZE = 48,
};

/* "<node>.<n>". */
struct spool_name {
	char node[NODE_SIZE];
	uint64_t n;
};

bool spool_name_parse(const char *text, struct spool_name *name_r);
void spool_name_write(const struct spool_name *name,
		      char text_r[SPOOL_NAME_SIZE]);

/*
 * Appends whole lines to the newest spool, each buffer by one write; a spool
 * that cannot be had within a second is left alone, and another is begun.
 * durable: returns when the lines will outlast a power cut. ERR_FULL, ERR_TEMP:
 * nothing of it is there. ERR_STATE: the mailbox is of an older format.
 */
int spool_append(const struct mailbox *m, const struct buf *writes,
		 size_t n_writes, bool durable, struct err *e) MUST_USE;

/*
 * On a full disk: durably, in blocks that a spool has already, which everybody
 * else leaves alone. ERR_FULL: nothing of it is there.
 */
int spool_append_in_room(const struct mailbox *m, const struct buf *lines,
			 struct err *e) MUST_USE;

/* The spools of a mailbox, in the order in which they were begun. */
struct spool_list {
	struct spool_name *list;
	size_t n;
};

/* ERR_STATE: there is no spool/: the mailbox is of an older format. */
int spool_scan(const struct mailbox *m, struct spool_list *l, struct err *e);
void spool_list_release(struct spool_list *l);

/*
 * Opens one, for reading and for its lock. -1 and ERR_DAMAGED where its name is
 * not that of a spool as it has to be, ERR_ABSENT where it has just gone.
 */
int spool_open(const struct mailbox *m, const struct spool_name *name,
	       struct err *e) MUST_USE;

/* The same for whoever may not write it; its lock can be had shared. */
int spool_open_to_read(const struct mailbox *m, const struct spool_name *name,
		       struct err *e) MUST_USE;

/*
 * Of one that could not be opened: it has gone, or is none, which is logged
 * (the sweep moves it away). Nobody waits for it.
 */
bool spool_is_passed_over(const struct err *e);

/* Removes one, durably; moves away what has the name of one and is none. */
int spool_unlink(const struct mailbox *m, const struct spool_name *name,
		 struct err *e) MUST_USE;
void spool_set_aside(const struct mailbox *m, const struct spool_name *name);

/*
 * Reads all spools, from the oldest on. What is no spool is left out with a
 * log line. -1: one could not be read.
 */
int spool_read_all(const struct mailbox *m, const struct spool_visitor *v,
		   struct err *e) MUST_USE;

/* The same of what lies beyond those places. */
struct places;
int spool_read_beyond(const struct mailbox *m, const struct places *p,
		      const struct spool_visitor *v, struct err *e) MUST_USE;

/*
 * Makes everything in the spools durable, and their names: before anybody acts
 * upon a line of somebody else.
 */
int spool_sync_all(const struct mailbox *m, struct err *e) MUST_USE;
/* The names alone. */
int spool_sync_directory(const struct mailbox *m, struct err *e) MUST_USE;

#endif
