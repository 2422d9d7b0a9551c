/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the sweep know of each other. */
#ifndef RESTANTE_STORE_SWEEP_PRIVATE_H
#define RESTANTE_STORE_SWEEP_PRIVATE_H

#include "store/entered.h"
#include "store/listing.h"
#include "store/mailbox_private.h"
#include "store/sweep/sweep.h"

/* One run over one mailbox, whose byte 1 is held. */
struct sweep {
	struct mailbox *mailbox;
	int64_t end; /* clock_ms(): what is left then is the next run's */
	struct listing cur, gone;
	struct sweep_report *report;
	uint64_t writing; /* octets of files whose writers live */
	bool all_seen;	  /* of tmp/ */
	bool steady;	  /* the clock */
	struct entered entered;
};

bool sweep_time_is_up(const struct sweep *s);

/* Lists cur/ and gone/ again. */
int sweep_scan_anew(struct sweep *s, struct err *e) MUST_USE;

/* Each message that has a ticket gets its line, and the ticket goes. */
int sweep_tickets(struct sweep *s, struct err *e) MUST_USE;

/*
 * What has left goes, where its line is durable and nobody can bring it back.
 * scanned: undo_changed() of before gone/ was listed.
 */
int sweep_gone(struct sweep *s, int64_t scanned, struct err *e) MUST_USE;

/* Spools that nobody needs any more. */
int sweep_spools(struct sweep *s, struct err *e) MUST_USE;

#endif
