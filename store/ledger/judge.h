/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What counts of a ledger: who says an entry, and whether they may say it
 * there (docs/ledger.md). It goes through the entries from the first one on and
 * believes no line for what it says. Touches no file; what it is given may come
 * from an attacker.
 */
#ifndef RESTANTE_STORE_LEDGER_JUDGE_H
#define RESTANTE_STORE_LEDGER_JUDGE_H

#include "store/ledger/entry.h"

enum judge_source {
	JUDGE_LEDGER, /* behind no `taken`: the sequencer itself */
	JUDGE_ADMIN,  /* from the administrators' file */
	JUDGE_SPOOL,  /* from a file that handlers write: their claim */
};

enum judge_verdict {
	JUDGE_COUNTS,
	JUDGE_NO_ENTRY,	  /* no line of a form that is known */
	JUDGE_NOT_THEIRS, /* whoever said it may not say it */
	JUDGE_UNPROVED,	  /* a session that no key has signed, and its lines */
	JUDGE_NO_KEY,	  /* the same, when no key had been named yet */
};

struct judged {
	uint64_t i;	  /* the entry's number */
	uint64_t at;	  /* where it begins in `entries` */
	const char *text; /* lent, without its LF */
	size_t n;
	struct entry entry; /* of no kind after JUDGE_NO_ENTRY */
	enum judge_source source;
	enum judge_verdict verdict;
	bool in_session; /* behind a `session`; not that line itself */
};

struct judge;

/*
 * each() gets every entry once, in order; those of a session when its last one
 * has come. Lines of more than LINE_OCTETS_MAX are nobody's to hand in.
 */
struct judge *judge_new(void (*each)(void *arg, const struct judged *j),
			void *arg);
void judge_free(struct judge **j);

/* Entry i, which begins at `at`, without its LF. */
void judge_line(struct judge *j, uint64_t i, uint64_t at, const char *text,
		size_t n);
/*
 * Whether what handlers say is looked at from the next block on, as at first.
 * Else it is passed by, and each() hears nothing of it: no other entry depends
 * on it, and it takes most of the time.
 */
void judge_look(struct judge *j, bool look);

/* No further ones: a session that is cut off here proves nothing. */
void judge_end(struct judge *j);

/* Of the first entry; "" where that is no `ledger`. Lent. */
const char *judge_origin(const struct judge *j);

/* Whether that session key (64 hexadecimal digits) has signed the session. */
bool judge_is_signed_with(const struct entry_session *s, const char *key);

#endif
