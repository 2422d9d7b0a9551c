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

/* Where a message that the ledger names has come to. */
enum presence_state {
	PRESENCE_UNKNOWN,     /* nobody has looked, or it is on its way */
	PRESENCE_WAITS,	      /* in cur/ */
	PRESENCE_IN_GONE,     /* in gone/: collected, or on the way */
	PRESENCE_COLLECTED,   /* and no longer there */
	PRESENCE_UNPROVED,    /* the same, before a session key was known */
	PRESENCE_FULL,	      /* a full disk took it, as a handler claims */
	PRESENCE_EXPIRED,     /* by the ledger's own act */
	PRESENCE_LOST,	      /* to a reset: sealed to a key that was lost */
	PRESENCE_BEFORE,      /* gone when a ledger took another's place */
	PRESENCE_GONE_UNTOLD, /* as PRESENCE_MISSING */
	PRESENCE_N_STATES,
};

struct presence_report {
	uint64_t states[PRESENCE_N_STATES]; /* of what the ledger names */
	uint64_t not_entered;		    /* told of, and in no ledger yet */
	uint64_t faults[PRESENCE_DIFFERS + 1];
};

struct presence; /* what lay there at first */

/* Before the ledger is read. */
struct presence *presence_begin(struct mailbox *m, struct err *e) MUST_USE;

/*
 * After it was: each message gets its state. each(): one that is not as it
 * should be, and the entry that says it should, or EVIDENCE_NONE. Where
 * somebody else enters what spools say meanwhile, only what is so twice counts,
 * each time from the beginning on.
 */
int presence_end(struct presence *p, struct evidence *v,
		 void (*each)(void *arg, enum presence_fault fault,
			      const char *ulid, uint64_t entry),
		 void *arg, struct presence_report *report_r,
		 struct err *e) MUST_USE;

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

/*
 * Of what lay there at first, as far as v has what was received, `most` files
 * behind *after, a ULID ("": from the first on): each() is told of those of a
 * size that no sealed file of so many octets has, or that v says are another
 * file, and ends it where it says false. *after is the last one that was looked
 * at, or "" where none is behind it. Reads no file.
 */
void presence_odd_sizes(const struct presence *p, const struct evidence *v,
			char after[ULID_LEN + 1], size_t most,
			bool (*each)(void *arg, const char *ulid), void *arg);

/*
 * 1: what lies under that ULID is not what v and l say was received, and has
 * that digest; of one beyond a gibibyte, which what was received never was, the
 * digest up to a mebibyte more than that has to have. 0: it is, or is not
 * there, or was cut on a full disk. -1: it cannot be read, or is longer than is
 * hashed while others wait.
 */
int presence_compare(const struct presence *p, const struct evidence *v,
		     const struct ledger *l, const char *ulid,
		     uint8_t digest_r[DIGEST_SIZE], struct err *e) MUST_USE;

void presence_free(struct presence **p);

#endif
