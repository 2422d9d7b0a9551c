/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether a ledger is what was signed: its files against each other, against
 * its checkpoint, and against checkpoints that somebody else has kept. Reads
 * alone, signs nothing, and needs no key but the public one that lies there.
 */
#ifndef RESTANTE_STORE_LEDGER_CHECK_H
#define RESTANTE_STORE_LEDGER_CHECK_H

#include "store/ledger/judge.h"
#include "store/ledger/reader.h"

#define CHECK_NOWHERE UINT64_MAX

/* The first thing that does not hold. */
struct check_fault {
	const char *file; /* "entries", …; NULL: everything holds */
	uint64_t entry;	  /* or CHECK_NOWHERE */
	uint64_t at;	  /* octet of that file, or CHECK_NOWHERE */
	char text[240];
};

/* A tree of this ledger that somebody has vouched for. */
struct check_known {
	uint64_t size;
	uint8_t root[DIGEST_SIZE];
	const char *who; /* lent: "the host's ledger", a file's name */
	bool holds;	 /* the walk has come by, and it is this one */
};

struct check {
	/* in */
	struct check_known *known; /* in any order; they are sorted */
	size_t n_known;
	const struct note_key *host; /* NULL: there is none to compare with */
	void (*each)(void *arg, const struct judged *j); /* or NULL */
	void *arg;
	void (*progress)(uint64_t done, uint64_t all); /* or NULL */
	/* out */
	struct note_key key;
	struct checkpoint checkpoint; /* size 0: nothing was signed yet */
	uint64_t unsigned_entries;    /* behind it, whole and not signed yet */
	struct check_fault fault;
};

/*
 * -1: it could not be read, which says nothing of it. 0: c->fault.file tells.
 * each() gets every entry, whether it holds or not; below checkpoint.size they
 * are signed.
 */
int check_ledger(int dir, struct check *c, struct err *e) MUST_USE;

/* Holds it against that checkpoint, too; who is lent. The list is to be freed.
 */
void check_against(struct check *c, const struct checkpoint *known,
		   const char *who);

/* The public key in `vkey`. ERR_ABSENT, ERR_DAMAGED. */
int check_key(int dir, struct note_key *k_r, struct err *e) MUST_USE;

/*
 * The checkpoint that lies in a ledger, and the key beside it. ERR_ABSENT:
 * nothing was signed yet. ERR_DAMAGED: they do not belong together.
 */
int check_note(int dir, struct buf *text, struct note_key *k_r,
	       struct note *note_r, struct err *e) MUST_USE;

#endif
