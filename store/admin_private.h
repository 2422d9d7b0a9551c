/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of store/admin*.c share. */
#ifndef RESTANTE_STORE_ADMIN_PRIVATE_H
#define RESTANTE_STORE_ADMIN_PRIVATE_H

#include "store/admin.h"
#include "store/admin_files.h"
#include "store/mailbox_private.h"

/* Stands in a mailbox while a reset is not complete. */
#define ADMIN_RESET_MARK "reset.unfinished"

enum { IDENTITY_MAX = 64 * 1024 }; /* octets of an identity file */

/*
 * Waits for other changes of this mailbox, holds it against deletion, reads
 * its settings anew and settles a password change that was logged in with.
 * ERR_BUSY; ERR_ABSENT where it was deleted meanwhile.
 */
int admin_begin(struct mailbox *m, struct err *e) MUST_USE;
void admin_end(struct mailbox *m);

/* The settings as they are on the disk, in place of what m had read. */
int admin_read_anew(struct mailbox *m, struct err *e);

/* An exclusive flock on a directory, tried once. */
bool admin_lock_directory(int dir);

/* Writes mailbox.conf in one step: the old settings or the new ones. */
int admin_write_settings(int dir, const struct mailbox_conf *conf,
			 struct err *e) MUST_USE;

/*
 * Seals private_key under a new password as file `name`. The password is
 * handed out once the file is durable and has been opened with it.
 */
int admin_seal_identity(int dir, const char *name,
			const struct secret *private_key, unsigned log_n,
			struct secret *password_r, struct err *e) MUST_USE;

/*
 * Seals private_key to the recovery recipients (all but the first) as
 * identity.recovery.age; removes the file where there is none.
 */
int admin_seal_recovery(int dir, const struct mailbox_conf *conf,
			const struct secret *private_key,
			struct err *e) MUST_USE;

/* Removes its alias, where it has one. */
int admin_unlink_alias(const struct store *s, const char *id,
		       struct err *e) MUST_USE;

/*
 * For what takes messages away: the mailbox must be suspended, nobody may
 * collect or deliver, and it may hold at most `messages`.
 */
int admin_claim(struct mailbox *m, uint64_t messages, struct err *e) MUST_USE;

#endif
