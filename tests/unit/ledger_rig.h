/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A ledger in a directory of its own, signed with a key of the test's: what
 * somebody may then do to its files. Every helper fails the test where it
 * cannot do what it says.
 */
#ifndef RESTANTE_TESTS_LEDGER_RIG_H
#define RESTANTE_TESTS_LEDGER_RIG_H

#include "common/buf.h"
#include "store/ledger/note.h"
#include "store/ledger/tree.h"
#include "tests/support/test_dir.h"

#define RIG_MAILBOX "mbx-00112233445566778899aabbccddeeff"
#define RIG_ORIGIN  "gw.example/" RIG_MAILBOX "/01J5ZX3K7Q8W9E2R4T6Y0P1M3N"

struct ledger_rig {
	char path[TEST_DIR_SIZE];
	int dir;
	struct buf lines; /* of all entries, each with its LF */
	uint64_t size;
	struct tree tree;
	struct note_key key;
	char session_key[65]; /* in hexadecimal */
};

void ledger_rig_begin(struct ledger_rig *r);
void ledger_rig_end(struct ledger_rig *r);

/* Adds entries, each ended by an LF, to the rig alone. */
void ledger_rig_add(struct ledger_rig *r, const char *fmt, ...)
	PRINTF_LIKE(2, 3);
/* n messages, kept and collected in one session that is signed, or not. */
void ledger_rig_add_messages(struct ledger_rig *r, unsigned n, bool is_signed);

/* Writes its five files, with a checkpoint of everything. */
void ledger_rig_write(struct ledger_rig *r);

/* One file, as a whole. */
void ledger_rig_read(const struct ledger_rig *r, const char *name,
		     struct buf *out);
void ledger_rig_put(const struct ledger_rig *r, const char *name,
		    const void *bytes, size_t n);

#endif
