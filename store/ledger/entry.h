/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a line says, in a spool or in a ledger: each kind with its keys in their
 * one order.
 * Pure functions; what they read may come from an attacker.
 *
 *	kept ulid= octets= sha256= by= time=
 *	session id= mailbox= n= sha256= sig=	and n lines behind it
 *	collected ulid= sha256= ended= time=
 *	gone ulid= by= time=
 *	activity time= program= peer= outcome= messages= octets=	and,
 *where something was refused in it, reason=
 *	announced mailbox= session-key= mac=	(store/announce.h)
 *
 * What the ledger says itself, and what only it says:
 *
 *	ledger version=1 origin= time=			its first line; where
 *		another was before it, act= after= size= root= reason= as well
 *	taken spool= from= to= lines= passed-over= time=	and so many
 *lines sessions from= program= outcome= count=		of the hour from then on
 *	refused from= program= reason= count=		so, too
 *	missing ulid= by= time=		received, not there, and nobody says why
 *	differs ulid= sha256= by= time=	not what was received: what it is
 *	checkpoint origin= size= root= time=		in the host's ledger
 *	adopted|resumed|dropped origin= size= root= to= reason= time=	so, too:
 *		what became of a ledger, and which one goes on behind it
 *
 * What administrators have changed (store/admin/spool.h), or the ledger found
 * changed; behind `what` stands what is special to it:
 *
 *	settings|recipients|key|deleted|administrators
 *		time= by= who= how= what= ...
 *	back time= by= who= how= what= ulid= as=	brought back from gone/
 *
 * The SHA-256 of `kept` is that of the sealed file as it was written, that of
 * `collected` the one of the sealed octets that were opened and sent.
 */
#ifndef RESTANTE_STORE_LEDGER_ENTRY_H
#define RESTANTE_STORE_LEDGER_ENTRY_H

#include "common/digest.h"
#include "common/random_id.h"
#include "store/ledger/line.h"
#include "store/ledger/note.h"

enum entry_kind {
	ENTRY_OTHER, /* a line of a kind that this program does not know */
	ENTRY_KEPT,
	ENTRY_SESSION,
	ENTRY_COLLECTED,
	ENTRY_GONE,
	ENTRY_ACTIVITY,
	ENTRY_LEDGER,
	ENTRY_TAKEN,
	ENTRY_SESSIONS,
	ENTRY_CHECKPOINT,
	ENTRY_SETTINGS,
	ENTRY_RECIPIENTS,
	ENTRY_KEY,
	ENTRY_DELETED,
	ENTRY_BACK,
	ENTRY_ADMINISTRATORS,
	ENTRY_MISSING,
	ENTRY_DIFFERS,
	ENTRY_ADOPTED,
	ENTRY_RESUMED,
	ENTRY_DROPPED,
	ENTRY_REFUSED,
	ENTRY_ANNOUNCED,
};

enum {
	ENTRY_WORD_SIZE = 16, /* of a program, an outcome, a `by` */
	ENTRY_WHY_SIZE = 24,  /* of a reason of store/ledger/reason.h */
	ENTRY_PEER_SIZE = 64,
	ENTRY_SIGNATURE_SIZE = 64,
	ENTRY_BATCH_MAX = 256, /* lines behind one `session` */
	ENTRY_SPOOL_SIZE = 64,
	ENTRY_WHO_SIZE = 128,
	ENTRY_SESSION_KEY_LEN = 64, /* hexadecimal digits */
	ENTRY_REASON_SIZE = 121,
};

struct entry_kept {
	char ulid[ULID_LEN + 1];
	uint64_t octets; /* wire size, as in the name */
	uint8_t sha256[DIGEST_SIZE];
	char by[ENTRY_WORD_SIZE];
	int64_t when;
};

struct entry_session {
	char id[ULID_LEN + 1];
	char mailbox[MAILBOX_ID_LEN + 1];
	unsigned n;
	uint8_t sha256[DIGEST_SIZE]; /* of the n lines, each with its LF */
	uint8_t signature[ENTRY_SIGNATURE_SIZE];
};

struct entry_collected {
	char ulid[ULID_LEN + 1];
	uint8_t sha256[DIGEST_SIZE];
	bool ended; /* false: the client hung up without QUIT */
	int64_t when;
};

struct entry_gone {
	char ulid[ULID_LEN + 1];
	char by[ENTRY_WORD_SIZE];
	int64_t when;
};

struct entry_activity {
	int64_t when;
	char program[ENTRY_WORD_SIZE];
	char peer[ENTRY_PEER_SIZE];
	char outcome[ENTRY_WORD_SIZE];
	uint64_t messages;
	uint64_t octets;
	char reason[ENTRY_WHY_SIZE]; /* "": nothing was refused */
};

/* A ledger as it was known when another one took its place. */
struct entry_before {
	char act[ENTRY_WORD_SIZE]; /* "adopt", "resume"; "": there was none */
	char origin[NOTE_NAME_MAX + 1];
	uint64_t size;
	uint8_t root[DIGEST_SIZE];
	char reason[ENTRY_REASON_SIZE];
};

struct entry_ledger {
	char origin[NOTE_NAME_MAX + 1];
	int64_t when;
	struct entry_before before;
};

struct entry_missing {
	char ulid[ULID_LEN + 1];
	char by[ENTRY_WORD_SIZE];
	int64_t when;
};

struct entry_differs {
	char ulid[ULID_LEN + 1];
	uint8_t sha256[DIGEST_SIZE];
	char by[ENTRY_WORD_SIZE];
	int64_t when;
};

struct entry_succession {
	struct entry_before before; /* the kind is its act */
	char to[NOTE_NAME_MAX + 1]; /* "": none goes on */
	int64_t when;
};

/*
 * The `lines` entries behind it stood, octet for octet, in that spool between
 * those two places; as many others there are none that a ledger takes.
 */
struct entry_taken {
	char spool[ENTRY_SPOOL_SIZE];
	uint64_t from, to;
	uint64_t lines, passed_over;
	int64_t when;
};

struct entry_sessions {
	int64_t from;
	char program[ENTRY_WORD_SIZE];
	char outcome[ENTRY_WORD_SIZE];
	uint64_t count;
};

struct entry_refused {
	int64_t from;
	char program[ENTRY_WORD_SIZE];
	char reason[ENTRY_WHY_SIZE];
	uint64_t count;
};

/* What a ledger never enters, as little as a session's activity. */
struct entry_announced {
	char mailbox[MAILBOX_ID_LEN + 1];
	char session_key[ENTRY_SESSION_KEY_LEN + 1];
	uint8_t mac[DIGEST_SIZE];
};

struct entry_checkpoint {
	struct checkpoint checkpoint;
	int64_t when;
};

/*
 * session_key: "" where the line names none. Of `back` alone: `ulid` lies in
 * cur/ again, under a new one.
 */
struct entry_change {
	int64_t when;
	char by[ENTRY_WORD_SIZE];
	char who[ENTRY_WHO_SIZE];
	char how[ENTRY_WORD_SIZE];
	char what[ENTRY_WHO_SIZE];
	char session_key[ENTRY_SESSION_KEY_LEN + 1];
	char ulid[ULID_LEN + 1], as[ULID_LEN + 1];
};

struct entry {
	enum entry_kind kind;
	union {
		struct entry_kept kept;
		struct entry_session session;
		struct entry_collected collected;
		struct entry_gone gone;
		struct entry_activity activity;
		struct entry_ledger ledger;
		struct entry_taken taken;
		struct entry_sessions sessions;
		struct entry_refused refused;
		struct entry_announced announced;
		struct entry_checkpoint checkpoint;
		struct entry_change change;
		struct entry_missing missing;
		struct entry_differs differs;
		struct entry_succession succession;
	};
};

/* Three of its pairs, where the first is called so: origin, size and root. */
bool entry_parse_before(struct line *l, const char *origin,
			struct entry_before *b) MUST_USE;
void entry_write_before(struct line_writer *w, const char *origin,
			const struct entry_before *b);

/* A line without its LF. False: no line, or a known kind that is not right. */
bool entry_parse(const char *text, size_t n, struct entry *entry_r) MUST_USE;

/* Appends the line with its LF. False: nothing was added. */
bool entry_write(const struct entry *entry, struct buf *out) MUST_USE;

/*
 * The octets of a `session` line that its signature signs: all before " sig=".
 */
bool entry_signed_part(const struct entry_session *s, struct buf *out) MUST_USE;

/* The same of `announced`: all before " mac=". */
bool entry_announced_part(const struct entry_announced *a,
			  struct buf *out) MUST_USE;

#endif
