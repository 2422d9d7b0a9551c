/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What lies in a mailbox, held against what its ledger says of each message, by
 * ULID. Reads alone, and holds nobody up: a mailbox that is in use is looked at
 * before and after its ledger was read, and what differs counts only where it
 * was so both times.
 */
#ifndef RESTANTE_STORE_PRESENCE_H
#define RESTANTE_STORE_PRESENCE_H

#include "store/ledger/evidence.h"
#include "store/ledger/reader.h"
#include "store/store.h"

enum presence_fault {
	PRESENCE_MISSING, /* received, not there, and nobody says why */
	PRESENCE_UNTOLD,  /* it lies there, and nothing tells of it */
	PRESENCE_DIFFERS, /* not the sealed file that was received */
};

struct presence_report {
	uint64_t waiting;   /* in cur/ */
	uint64_t in_gone;   /* in gone/, collected or on the way */
	uint64_t collected; /* and no longer there */
	uint64_t full;	    /* a full disk took them, as a handler claims */
	uint64_t other;	    /* by the ledger's own act: expired, end of undo */
	uint64_t lost;	    /* to a reset: sealed to a key that was lost */
	uint64_t not_entered; /* told of, and in no ledger yet */
	uint64_t faults[PRESENCE_DIFFERS + 1];
};

struct presence; /* what lay there at first */

/* Where a message that the ledger names has come to. */
enum presence_state {
	PRESENCE_WAITS,
	PRESENCE_IN_GONE,
	PRESENCE_COLLECTED,
	PRESENCE_FULL,
	PRESENCE_EXPIRED,
	PRESENCE_LOST,
	PRESENCE_GONE_UNTOLD, /* as PRESENCE_MISSING */
	PRESENCE_N_STATES,
};

/* Before the ledger is read. */
struct presence *presence_begin(struct mailbox *m, struct err *e) MUST_USE;

/*
 * After it was. each(): a message that is not as it should be, and the entry
 * that says it should, or EVIDENCE_NONE.
 */
int presence_end(struct presence *p, const struct evidence *v,
		 void (*each)(void *arg, enum presence_fault fault,
			      const char *ulid, uint64_t entry),
		 void *arg, struct presence_report *report_r,
		 struct err *e) MUST_USE;

/* presence_end() tells the state of each message, too. */
void presence_tell_states(struct presence *p,
			  void (*each)(void *arg,
				       const struct evidence_message *m,
				       enum presence_state state),
			  void *arg);

/*
 * Hashes every file of cur/ and gone/ and compares it with its entry in l; what
 * was cut on a full disk is none. *hashed_r counts.
 */
int presence_content(const struct presence *p, const struct evidence *v,
		     const struct ledger *l,
		     void (*each)(void *arg, enum presence_fault fault,
				  const char *ulid, uint64_t entry),
		     void (*progress)(uint64_t done, uint64_t all), void *arg,
		     uint64_t *hashed_r, struct err *e) MUST_USE;

void presence_free(struct presence **p);

#endif
