/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ledgers that another goes on behind, as far as each names the one before
 * it: what they knew still counts. Changes nothing; what it reads may come from
 * an attacker.
 */
#ifndef RESTANTE_STORE_LEDGER_FORMER_CHAIN_H
#define RESTANTE_STORE_LEDGER_FORMER_CHAIN_H

#include "common/err.h"
#include "store/ledger/judge.h"

struct former_visitor {
	/* What is signed and counts, the oldest first. */
	void (*each)(void *arg, const struct judged *j);
	/*
	 * One of them is through. False: it is not true, and what each() got
	 * from it is to be forgotten.
	 */
	void (*end)(void *arg, bool is_true);
	void *arg;
};

/*
 * dir: the last one's directory; public: the key that its host signs with. One
 * is true that holds, and is the one, to its last entry, that the next one has
 * named, or is signed with that key: anybody can write one that holds with a
 * key of his own.
 */
int former_each(int dir, const uint8_t public[NOTE_PUBLIC_SIZE],
		const struct former_visitor *v, struct err *e) MUST_USE;

/* The first entry of a ledger. False: it cannot be read. */
bool ledger_first(int dir, struct entry_ledger *first_r);

#endif
