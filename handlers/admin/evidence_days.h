/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mailbox's ledger, checked and held against what lies there, as numbers for
 * each day on which mail came. Reads alone.
 */
#ifndef RESTANTE_HANDLERS_ADMIN_EVIDENCE_DAYS_H
#define RESTANTE_HANDLERS_ADMIN_EVIDENCE_DAYS_H

#include "common/conf.h"
#include "store/ledger/check.h"
#include "store/presence.h"

struct evidence_day {
	int64_t day; /* since 1970, UTC */
	uint64_t received;
	uint64_t states[PRESENCE_N_STATES];
	uint64_t unproved; /* of them: collected before a key was known */
};

struct evidence_days {
	struct evidence_day *list; /* the newest first */
	size_t n;
	uint64_t entries, unsigned_entries;
	int64_t signed_at; /* 0: nothing was signed yet */
	struct check_fault fault;
	struct presence_report report;
	bool compared; /* the entries hold, so report says something */
};

/* ERR_ABSENT: it has no ledger. Release it after 0. */
int evidence_days_read(const struct conf *conf, struct mailbox *m,
		       struct evidence_days *d_r, struct err *e) MUST_USE;
void evidence_days_release(struct evidence_days *d);

/*
 * The proof that a message was kept: its entry, and as c2sp.org/tlog-proof
 * what leads from it to the latest checkpoint. Errors: signed_ledger_find().
 */
int evidence_proof(const struct conf *conf, const char *id, const char *ulid,
		   struct buf *out, struct err *e) MUST_USE;

#endif
