/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One ledger being written: entries, offsets and tiles grow together, then its
 * memory is synced, then, where it is time, a checkpoint is published. Killed
 * anywhere, the next run cuts the three to what memory has and goes on.
 */
#ifndef RESTANTE_HANDLERS_LEDGER_BOOK_H
#define RESTANTE_HANDLERS_LEDGER_BOOK_H

#include "handlers/ledger/key.h"
#include "store/ledger/memory.h"

enum { BOOK_PENDING_MAX = 1024 * 1024 };

/* The place of all ledgers of this host. */
struct ledger_place {
	int dir;
	int memory; /* memory/ in it */
	struct ledger_key key;
	int64_t activity_keep; /* seconds */
};

struct book {
	const struct ledger_place *place;
	char name[64]; /* a mailbox's id, or "host" */
	int dir;
	int entries, offsets, tiles;
	bool is_new; /* it was begun just now */
	/* So it was, and what lies there was neither cut nor written yet. */
	bool is_untouched;
	int64_t now;
	int activity; /* the file of sessions that is written; or -1 */
	struct memory memory;
	struct buf lines, places, hashes, sessions; /* not yet written */
};

/*
 * Opens the ledger of that name, begun where there is none; of what lies there
 * then nothing is touched before the first book_commit(). ERR_DAMAGED: it is
 * not what memory says; nothing was touched. Close it in any case.
 */
int book_open(struct book *b, const struct ledger_place *place,
	      const char *name, struct err *e) MUST_USE;
void book_close(struct book *b);

/* In its file, whether or not anybody remembers them. */
bool book_has_entries(const struct book *b);

/* What is remembered of the ledger of that name. ERR_ABSENT, ERR_DAMAGED. */
int book_memory(const struct ledger_place *place, const char *name,
		struct memory *m_r, struct err *e) MUST_USE;
int book_remember(const struct ledger_place *place, const char *name,
		  const struct memory *m, struct err *e) MUST_USE;

/* The origin of a ledger of that name that begins now. */
int book_new_origin(const struct ledger_place *place, const char *name,
		    char origin_r[NOTE_NAME_MAX + 1], struct err *e) MUST_USE;

/* One line without its LF. Nothing of it counts before book_commit(). */
int book_add(struct book *b, const char *text, size_t n,
	     struct err *e) MUST_USE;
int book_add_entry(struct book *b, const struct entry *entry,
		   struct err *e) MUST_USE;

/* What nobody has declared: in the ledger's own words. */
struct entry book_found(const struct book *b, enum entry_kind kind,
			const char *what);

/* Makes durable what was added, and the memory of it. */
int book_commit(struct book *b, struct err *e) MUST_USE;

/*
 * Puts down how far spools are entered, for those who tidy them: behind the
 * memory of it.
 */
int book_tell_places(const struct book *b, struct err *e) MUST_USE;

/*
 * Signs what is new where the last time is far enough back, or at once.
 * *signed_r tells whether, and what stands in the checkpoint then.
 */
int book_publish(struct book *b, bool at_once, int64_t now,
		 struct checkpoint *c_r, bool *signed_r,
		 struct err *e) MUST_USE;

#endif
