/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of store/admin*.c share. */
#ifndef RESTANTE_STORE_ADMIN_PRIVATE_H
#define RESTANTE_STORE_ADMIN_PRIVATE_H

#include "store/admin/admin.h"
#include "store/admin/files.h"
#include "store/key_files.h"
#include "store/mailbox_private.h"

/*
 * Waits for other changes of this mailbox, holds it against deletion, reads
 * its settings anew and settles a password change that was logged in with,
 * where nobody is just logging in. ERR_BUSY; ERR_ABSENT where it was deleted
 * meanwhile.
 */
int admin_begin(struct mailbox *m, struct err *e) MUST_USE;

/*
 * The same for what changes keys: holds byte 3, too, and has settled for
 * certain. ERR_TEMP while a reset has not been completed.
 */
int admin_begin_keys(struct mailbox *m, struct err *e) MUST_USE;
/* The same for a reset, which may begin anew. */
int admin_begin_reset(struct mailbox *m, struct err *e) MUST_USE;
void admin_end(struct mailbox *m);

/*
 * Behind admin_begin(): holds byte 1 against collectors, until admin_end().
 * ERR_BUSY: somebody collects for longer than one waits.
 */
int admin_claim_messages(struct mailbox *m, struct err *e) MUST_USE;

int admin_read_settings(int dir, struct mailbox_conf *conf_r,
			struct err *e) MUST_USE;
/* The settings as they are on the disk, in place of what m had read. */
int admin_read_anew(struct mailbox *m, struct err *e);

/* An exclusive flock on a directory, tried once; respectively waited for. */
bool admin_lock_directory(int dir);
int admin_lock_for_change(int dir, const char *name, struct err *e) MUST_USE;

/* Writes mailbox.conf in one step: the old settings or the new ones. */
int admin_put_settings(int dir, const struct mailbox_conf *conf,
		       struct err *e) MUST_USE;
/* The same for m->settings, with a line of what differs. */
int admin_write_settings(struct mailbox *m, struct err *e) MUST_USE;

/* --- keys without opening them (admin_settle.c) --------------------------- */

/*
 * Promotes an identity.age.next that is marked, under byte 3; the directory is
 * synced in every case, for whoever was killed before it was.
 */
int admin_settle(struct mailbox *m, struct err *e) MUST_USE;

/* Makes those of a mailbox's directories that are not there, synced. */
int admin_make_directories(int dir, struct err *e) MUST_USE;

/* 1: a new password waits to be used; 0: none. */
int admin_next_waits(const struct mailbox *m, struct err *e) MUST_USE;

/* identity.age.next takes the place of identity.age; `what` is for the line. */
int admin_promote(struct mailbox *m, const char *what, struct err *e) MUST_USE;

/* The line that file `name` becomes, or stays, the identity in force. */
int admin_key_line(struct mailbox *m, const char *what, const char *name,
		   struct err *e) MUST_USE;

/* --- keys, opened and sealed (admin_keys.c) ------------------------------- */

/* Says in conf which session key follows from the mailbox's own key. */
void admin_name_session_key(struct mailbox_conf *conf,
			    const struct secret *keys);

/* Under admin_begin_keys(): as mailbox_open_key(). */
int admin_open_keys(struct mailbox *m, const struct mailbox_opener *opener,
		    struct secret *keys_r, struct err *e) MUST_USE;

/* mailbox_rekey() under admin_begin_keys(), for settings already edited. */
int admin_rekey(struct mailbox *m, const struct secret *password,
		unsigned log_n, struct err *e) MUST_USE;

/*
 * Seals the keys under password as file `name`.new, durable, and opened once
 * with it as proof; admin_rename() puts it in its place.
 */
int admin_seal_identity(int dir, const char *name, const struct secret *keys,
			unsigned log_n, const struct secret *password,
			struct err *e) MUST_USE;

/* Seals the keys to the recovery recipients of conf, of which there are some.
 */
int admin_seal_recovery(int dir, const struct mailbox_conf *conf,
			const struct secret *keys, struct err *e) MUST_USE;

/* Removes its alias, where it has one. */
int admin_unlink_alias(const struct store *s, const char *id,
		       struct err *e) MUST_USE;

/*
 * For what takes messages away: the mailbox must be suspended, nobody may
 * collect or deliver, and it may hold at most `messages`.
 */
int admin_claim(struct mailbox *m, uint64_t messages, struct err *e) MUST_USE;

#endif
