/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A ledger with its latest checkpoint: what can be proved of it to somebody who
 * has nothing else.
 */
#ifndef RESTANTE_STORE_LEDGER_SIGNED_LEDGER_H
#define RESTANTE_STORE_LEDGER_SIGNED_LEDGER_H

#include "store/ledger/note.h"
#include "store/ledger/reader.h"

struct signed_ledger {
	struct ledger ledger;
	struct note_key key;
	struct note note;
	struct buf text; /* of the note */
};

/*
 * Of the folder dir, which is called name in what is said. ERR_TEMP: nothing
 * was signed yet. Close it after 0, and only then.
 */
int signed_ledger_open(int dir, const char *name, struct signed_ledger *s_r,
		       struct err *e) MUST_USE;
void signed_ledger_close(struct signed_ledger *s);

/*
 * The signed entry by which a message came to have that ULID, `kept` or `back`,
 * its number and its text. ERR_CONFIG: no ULID; ERR_TEMP: entered, and not
 * signed yet; ERR_ABSENT: in no entry.
 */
int signed_ledger_find(const struct signed_ledger *of, const char *ulid,
		       uint64_t *i_r, struct buf *line, struct err *e) MUST_USE;

/*
 * What leads (RFC 6962 2.1.1) from entry i, which is line, to the root of the
 * first size ones. ERR_DAMAGED: it does not lead there.
 */
int signed_ledger_path(const struct signed_ledger *s, uint64_t i, uint64_t size,
		       const uint8_t root[DIGEST_SIZE], const struct buf *line,
		       struct tree_path *path_r, struct err *e) MUST_USE;

#endif
