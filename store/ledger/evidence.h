/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a ledger says of each message, by ULID: of its entries those that count.
 * 64 octets a message, for millions of them. Touches no file.
 */
#ifndef RESTANTE_STORE_LEDGER_EVIDENCE_H
#define RESTANTE_STORE_LEDGER_EVIDENCE_H

#include "store/ledger/judge.h"

/* How it left, as `gone by=` says: what is proved better comes later. */
enum evidence_gone {
	GONE_NOT,
	GONE_FULL,	/* a full disk took it: its writer's claim */
	GONE_UNPROVED,	/* in a session, before a session key was known */
	GONE_FORMER,	/* before this ledger took the place of another */
	GONE_OTHER,	/* by=expiry, by=undo-end: the ledger's own act */
	GONE_COLLECTOR, /* signed with the session key */
};

struct evidence_message {
	uint8_t ulid[ULID_PACKED_SIZE];
	uint64_t entry;	 /* `kept`, the first, or `back` that made it */
	uint64_t sealed; /* the `kept` that has the digest of its file */
	uint64_t octets;
	uint64_t head;	       /* of the digest at `sealed`: its first octets */
	uint8_t gone;	       /* enum evidence_gone */
	uint8_t read;	       /* a session that counts had it to its end */
	uint8_t collected;     /* and ended with QUIT */
	uint8_t differs;       /* what was read had another digest */
	uint8_t found;	       /* no writer's word, the ledger found it there */
	uint8_t named;	       /* enum evidence_named */
	uint8_t named_differs; /* the ledger says that it is another file */
	uint8_t used;
	uint8_t state; /* enum presence_state, for whoever looks at it */
	uint8_t left;  /* it lies in gone/ under its own name */
	uint8_t told;  /* enum evidence_gone, as a spool has it */
	uint8_t lost;  /* it lies in lost/ */
};

/* `missing`: it was seen that it is not there. */
enum evidence_named {
	NAMED_NOT,
	NAMED_MISSING, /* by the ledger itself */
	NAMED_BEFORE,  /* when this ledger took the place of another */
};

#define EVIDENCE_NONE UINT64_MAX /* of both: no entry says so */

struct evidence {
	struct evidence_message *slots; /* in no order; not `used`: free */
	size_t size;			/* a power of two, or 0 */
	size_t n;
	uint64_t key;		 /* of the hash */
	uint64_t resets;	 /* keys that were lost, and mail with them */
	uint64_t last_reset;	 /* the entry of the last one */
	bool deleted;		 /* the mailbox is gone */
	uint64_t missing_before; /* that no entry here says was received */
	uint64_t differ_before;	 /* when it took the place of another */
};

/* All zero: empty. */
void evidence_release(struct evidence *v);

/*
 * Takes what counts, and how messages left before a key was known; the rest
 * says nothing.
 */
void evidence_take(struct evidence *v, const struct judged *j);

/* How that one says that it left: an ENTRY_GONE that may say so. */
enum evidence_gone evidence_gone_by(const struct judged *j);

enum { EVIDENCE_PART_ENTRIES = 1000000 }; /* for which a part has room */

/*
 * Where all messages do not have room at once: is this of one of `parts` parts,
 * from 0 on? What names no message is of each. Whoever knows the key can put
 * what he likes into one part.
 */
bool evidence_is_of_part(const struct judged *j, uint64_t key, uint64_t parts,
			 uint64_t part);

/* The message of that ULID, which nothing may have named before. */
struct evidence_message *evidence_message(struct evidence *v, const char *ulid);

/* NULL: no entry names it. Live until the next evidence_take(). */
struct evidence_message *evidence_find(const struct evidence *v,
				       const uint8_t ulid[ULID_PACKED_SIZE]);
/* The same by its text. */
struct evidence_message *evidence_named(const struct evidence *v,
					const char *ulid);

#endif
