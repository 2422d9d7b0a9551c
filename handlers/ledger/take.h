/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What spools and admin.spool have that a ledger has not, entered line for line
 * and octet for octet. It judges nothing but whether a line is one that may
 * stand in such a file.
 */
#ifndef RESTANTE_HANDLERS_LEDGER_TAKE_H
#define RESTANTE_HANDLERS_LEDGER_TAKE_H

#include "handlers/ledger/sequence.h"
#include "store/taking.h"

/* One mailbox in one run. */
struct sequence {
	struct sequence_run *run;
	struct book *book;
	const char *id; /* "host": the store's own spool alone */
	const struct mailbox_conf *conf; /* NULL of the host */
	struct taking_list spools, admin;
	bool admin_taken;
	unsigned n_announced; /* of those that were looked at */
	bool is_other;	      /* a spool is not the one that was taken from */
	/* The block at hand: its lines, each with its LF. */
	struct buf lines;
	uint64_t n_lines, passed_over;
	struct err *err;
	bool failed;
};

/* The handlers' spools, and then admin.spool, where it was not needed first. */
int take_spools(struct sequence *s, struct err *e) MUST_USE;
int take_admin(struct sequence *s, struct err *e) MUST_USE;

/* Places in spools that have gone need not be remembered. */
void take_forget(struct sequence *s);

#endif
