/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a process gives up, for good, before it reads its first octet of input:
 * everything that its row of the table in docs/architecture.md does not grant.
 */
#ifndef RESTANTE_COMMON_SANDBOX_H
#define RESTANTE_COMMON_SANDBOX_H

#include "common/err.h"

struct conf;

enum sandbox_row {
	SANDBOX_RECEIVER,  /* smtp-journal */
	SANDBOX_PROXY,	   /* the sessions of smtp-proxy and pop3-proxy */
	SANDBOX_COLLECTOR, /* pop3-serve */
	SANDBOX_DIALLER,
	SANDBOX_LEDGER, /* the sequencer and signer */
	SANDBOX_N_ROWS,
};

/*
 * From now on limits hold, no file can be opened but those of the row, and a
 * system call that the row does not list fails with ENOSYS. Where the kernel
 * has no Landlock the log says so once, and the rest holds. -1: not confined;
 * such a process must not go on.
 */
int sandbox_enter(enum sandbox_row row, const struct conf *conf,
		  struct err *e) MUST_USE;

/*
 * The same in two steps, for whoever makes many children of one row: the paths
 * are looked up once, and each child enters what was made of them.
 */
struct sandbox {
	enum sandbox_row row;
	int files; /* a Landlock ruleset; -1: the kernel has none of use */
};

/*
 * has_keys: certificate and key are in memory, and their files are left out.
 * -1: not to be had.
 */
int sandbox_prepare(struct sandbox *s_r, enum sandbox_row row,
		    const struct conf *conf, bool has_keys,
		    struct err *e) MUST_USE;

/* In a child; closes files there. */
int sandbox_enter_prepared(struct sandbox *s, struct err *e) MUST_USE;

/* A collector that has logged in: of all files, those of one mailbox. */
void sandbox_keep_to_mailbox(const char *store, const char *mailbox_id);

#endif
