/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One look at a slice of a mailbox: at what lies there, at what its ledger
 * says, and at what lies there again. Enters nothing.
 */
#ifndef RESTANTE_HANDLERS_LEDGER_SIGHT_H
#define RESTANTE_HANDLERS_LEDGER_SIGHT_H

#include "handlers/ledger/book.h"
#include "handlers/ledger/finds.h"
#include "store/ledger/evidence.h"
#include "store/store.h"

struct sight {
	/* in */
	const struct book *book;
	const struct memory_look *slice;
	int64_t until; /* on clock_ms(): no file is hashed then but one */
	const struct finds *before; /* what the look before this one found:
				       nothing else is looked for; or NULL */
	/* out */
	struct finds found;
	uint64_t still;	    /* missing, and entered long ago */
	uint64_t differing; /* so, too, and not put right since */
	bool too_many;	    /* messages of one part: nothing is said of it */
	bool is_part;	    /* more is missing, or was read as another file */
	char after[ULID_LEN + 1]; /* the last file that was looked at; or "" */
	/* its own */
	struct evidence v;
	bool has_hashed;
};

/* -1: something could not be read; then nothing was found. */
int sight_take(struct sight *s, struct mailbox *m, struct err *e) MUST_USE;
/* What it knows of messages, which takes room: what it has found stays. */
void sight_forget(struct sight *s);
void sight_release(struct sight *s);

#endif
