/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * That an entry is in a log, as a text for others: c2sp.org/tlog-proof, and
 * without its first line what `spicy-litetlog -verify` reads. Pure functions.
 */
#ifndef RESTANTE_STORE_LEDGER_PROOF_H
#define RESTANTE_STORE_LEDGER_PROOF_H

#include "store/ledger/note.h"
#include "store/ledger/tree.h"

enum { PROOF_MAX = 16 * 1024 };

enum proof_form { PROOF_TLOG, PROOF_SPICY };

struct proof {
	uint64_t index;
	struct tree_path path;
	const char *note; /* lent: the checkpoint it leads to */
	size_t note_len;
};

bool proof_write(const struct proof *p, enum proof_form form,
		 struct buf *out) MUST_USE;
bool proof_parse(const char *text, size_t n, enum proof_form form,
		 struct proof *p_r) MUST_USE;

/* Whether this entry (without an LF) is proved under that key. */
bool proof_holds(const struct proof *p, const struct note_key *k,
		 const void *entry, size_t n);

#endif
