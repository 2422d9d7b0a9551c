/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a sequencer remembers of a ledger between its runs: how long it is, the
 * frontier of its tree, how far each spool was taken. Synced before anything
 * that it covers is published. Lines of the ledger's grammar; pure functions.
 */
#ifndef RESTANTE_STORE_LEDGER_MEMORY_H
#define RESTANTE_STORE_LEDGER_MEMORY_H

#include "store/ledger/entry.h"
#include "store/ledger/tree.h"

enum {
	MEMORY_SPOOLS_MAX = 512,
	MEMORY_KEYS_MAX = 64,
	MEMORY_COUNTS_MAX = 128,
	MEMORY_BOOT_SIZE = 40,
	MEMORY_ACTIVITY_SIZE = 24,
	MEMORY_OCTETS_MAX = 256 * 1024,
	MEMORY_BEFORE = 4096, /* octets of a spool */
};

struct memory_spool {
	char name[ENTRY_SPOOL_SIZE];
	uint64_t offset;
	/* SHA-256 of the octets before it, MEMORY_BEFORE at most. */
	bool has_before; /* a memory of before they were remembered has none */
	uint8_t before[DIGEST_SIZE];
	/* Not the one that was taken from, seen just now; not remembered. */
	bool is_other;
};

/*
 * Where another ledger takes the place of one: how far that is. The next run
 * goes on from there, whatever was killed.
 */
enum memory_stage {
	MEMORY_SETTLED,
	MEMORY_MOVING,	   /* the files of the former one are moved away */
	MEMORY_BEGINNING,  /* they are; the first entry is to be written */
	MEMORY_ACCOUNTING, /* what of the former is not there is entered */
	MEMORY_TELLING,	   /* the host's ledger is told */
	MEMORY_DROPPING,   /* the files are removed; none takes its place */
};

/* Sessions of one kind in the hour that goes on. */
struct memory_count {
	bool refused; /* counts a reason; else an outcome */
	char program[ENTRY_WORD_SIZE];
	char word[ENTRY_WHY_SIZE];
	uint64_t count;
};

/* The daily look at what lies there, which runs go on with. */
struct memory_look {
	int64_t at;		   /* when the last one began; 0: none did */
	uint64_t parts, left;	   /* of all messages; 0 left: it is through */
	char after[ULID_LEN + 1];  /* the last file of this part; or "" */
	uint64_t missing, differs; /* so far */
};

struct memory {
	char origin[NOTE_NAME_MAX + 1];
	struct tree tree;
	uint64_t octets; /* of entries */
	char boot[MEMORY_BOOT_SIZE];
	uint64_t signed_size; /* of the last checkpoint that was decided on */
	int64_t signed_when;
	uint64_t host_size; /* of the last one put down in the host's ledger */
	int64_t host_when;
	int64_t hour;			     /* that of the counts */
	bool closed;			     /* its mailbox is gone */
	char activity[MEMORY_ACTIVITY_SIZE]; /* file of sessions; or "" */
	uint64_t activity_octets;
	enum memory_stage stage;
	struct entry_before before; /* unless settled: the former one */
	struct memory_look look;
	int64_t held_since; /* a spool could not be had; 0: all could */
	size_t n_spools;
	struct memory_spool spools[MEMORY_SPOOLS_MAX];
	size_t n_keys; /* session keys that collections may be signed with */
	char keys[MEMORY_KEYS_MAX][ENTRY_SESSION_KEY_LEN + 1];
	size_t n_counts;
	struct memory_count counts[MEMORY_COUNTS_MAX];
};

bool memory_write(const struct memory *m, struct buf *out) MUST_USE;
/* False: it is not whole, or does not fit together. */
bool memory_parse(const char *text, size_t n, struct memory *m_r) MUST_USE;

/* The place in that spool; NULL: nothing was taken from it. */
struct memory_spool *memory_spool(const struct memory *m, const char *spool);
/* How far that spool was taken; 0: not at all. */
uint64_t memory_offset(const struct memory *m, const char *spool);
/* False: there are too many. */
bool memory_set_offset(struct memory *m, const char *spool, uint64_t offset,
		       const uint8_t before[DIGEST_SIZE]) MUST_USE;

bool memory_has_key(const struct memory *m, const char *session_key);
/* The oldest goes where there are too many. */
void memory_add_key(struct memory *m, const char *session_key);

/*
 * One session more with that outcome, or that something was refused for. What
 * is one too many counts as of program and word "other".
 */
void memory_count(struct memory *m, bool refused, const char *program,
		  const char *word);

#endif
