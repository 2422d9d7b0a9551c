/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mailbox's ledger, checked and held against what lies there, as numbers for
 * each day on which mail came. Reads alone.
 */
#ifndef RESTANTE_HANDLERS_ADMIN_EVIDENCE_DAYS_H
#define RESTANTE_HANDLERS_ADMIN_EVIDENCE_DAYS_H

#include "common/conf.h"
#include "handlers/admin/ledger_verify.h"

enum { EVIDENCE_DAYS = 366 };

/* The rows: what says that it is of the future, the days, what is older. */
enum {
	EVIDENCE_LATER = 0,
	EVIDENCE_TODAY = 1,
	EVIDENCE_EARLIER = EVIDENCE_TODAY + EVIDENCE_DAYS,
	EVIDENCE_N_ROWS,
};

struct evidence_row {
	uint64_t received;
	uint64_t states[PRESENCE_N_STATES];
};

struct evidence_days {
	int64_t today; /* since 1970, UTC */
	struct evidence_row rows[EVIDENCE_N_ROWS];
	int64_t signed_at;	   /* 0: nothing was signed yet */
	bool has_host, host_holds; /* the host's ledger */
	struct ledger_report report;
};

/* ERR_ABSENT: it has no ledger. To be freed after 0. */
int evidence_days_read(const struct conf *conf, struct store *store,
		       const char *id, int64_t now, struct evidence_days **d_r,
		       struct err *e) MUST_USE;
void evidence_days_free(struct evidence_days **d);

/*
 * The proof that a message was kept: its entry, and as c2sp.org/tlog-proof
 * what leads from it to the latest checkpoint. Errors: signed_ledger_find().
 */
int evidence_proof(const struct conf *conf, const char *id, const char *ulid,
		   struct buf *out, struct err *e) MUST_USE;

#endif
