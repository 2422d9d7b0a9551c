/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One ledger, verified: what its files say, what the host's ledger knows of it,
 * and what lies in the mailbox. Prints nothing and writes nothing.
 */
#ifndef RESTANTE_HANDLERS_ADMIN_LEDGER_VERIFY_H
#define RESTANTE_HANDLERS_ADMIN_LEDGER_VERIFY_H

#include "common/conf.h"
#include "store/ledger/check.h"
#include "store/presence.h"

enum { LEDGER_NOTES_MAX = 20 }; /* lines of notes: the first ones */

/* What the host's ledger says of a ledger, in the order in which it said it. */
enum ledger_vouched_what {
	VOUCHED_TREE,	 /* it was signed so */
	VOUCHED_WENT_ON, /* another one took its place */
	VOUCHED_DROPPED, /* and all of that mailbox before it */
};

struct ledger_vouched {
	enum ledger_vouched_what says;
	struct checkpoint checkpoint;
	int64_t when; /* it was dropped */
	char reason[ENTRY_REASON_SIZE];
};

/* All that is known of ledgers before one of them is looked at. */
struct ledger_known {
	bool has_host, host_holds;
	struct note_key host;
	struct ledger_vouched *list;
	size_t n;
	/* Of --checkpoint: its text, and how it is called; or NULL. */
	const struct buf *note;
	const char *file;
};

/*
 * Reads what the host's ledger knows, as far as it holds, of the mailbox with
 * that id, or NULL: of all.
 */
int ledger_known_read(int host, const char *of, struct ledger_known *k_r,
		      struct err *e) MUST_USE;
void ledger_known_release(struct ledger_known *k);

/* Store and ledger have one owner, against whom nothing is proved. */
bool ledger_is_of_the_store(const struct conf *conf);

struct ledger_report {
	struct check check;
	struct evidence evidence;
	uint64_t received; /* messages */
	uint64_t passed_over, unproved, without_key, not_theirs;
	uint64_t differs; /* read, and not what was received */
	bool has_mailbox; /* it was looked at; `presence` says how it is */
	bool is_gone;	  /* there is no such mailbox */
	struct presence_report presence;
	bool was_hashed;
	uint64_t hashed;
	bool holds;
	struct buf notes; /* lines for a person */
	unsigned n_notes;
	const struct ledger_known *known;
	uint64_t n_known; /* of its own checkpoints */
	bool has_file;	  /* --checkpoint was of this ledger */
	struct entry_ledger first;
	uint64_t n_former; /* ledgers that it goes on behind */
};

struct ledger_look {
	const struct ledger_known *known;
	struct store *store; /* NULL: only the ledger's files are there */
	bool content;	     /* hash what lies there, too */
	/* Of the walk, and of the hashing; or NULL. They end with all done. */
	void (*entries)(uint64_t done, uint64_t all);
	void (*messages)(uint64_t done, uint64_t all);
};

/* Release the report in any case. */
int ledger_verify(int dir, const char *name, const struct ledger_look *how,
		  struct ledger_report *r_r, struct err *e) MUST_USE;
void ledger_report_release(struct ledger_report *r);

/*
 * The ledgers that it goes on behind, one after the other: each is what the one
 * behind it says, or that one says that it is not.
 */
int ledger_verify_former(int dir, const char *name, struct ledger_report *r,
			 struct err *e) MUST_USE;

/* Appends a line to what is said of it. */
void ledger_report_note(struct ledger_report *r, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

#endif
