/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making and changing mailboxes: for the shell command and the console, which
 * run as the store's owner. No handler links it. Passwords are made here and
 * handed out once; nothing here shows or stores one.
 *
 * Changes of one mailbox wait for each other (flock on its directory), so that
 * two administrators at once lose nothing. Every function that returns 0 has
 * made durable what it did. The settings are read anew by each: no string
 * borrowed from mailbox_settings() outlives a call, or may be handed to one.
 */
#ifndef RESTANTE_STORE_ADMIN_ADMIN_H
#define RESTANTE_STORE_ADMIN_ADMIN_H

#include "common/secret.h"
#include "store/store.h"

/*
 * Whose changes these are, and by what way ("shell", "console"): every change
 * is a line of admin.spool that says so, synced before it is made.
 */
void store_acts_for(struct store *s, const char *who, const char *how);

/* Makes an empty store at path; one that is there already is left alone. */
int store_init(const char *path, struct err *e) MUST_USE;

/*
 * From here to its end nobody else makes or renames a mailbox: a name that was
 * looked for and not found stays free. Waits for who holds it.
 */
int store_hold_names(struct store *s, struct err *e) MUST_USE;
void store_let_names_go(struct store *s);

/*
 * Makes a mailbox. conf carries its settings in; its recipients, if any, are
 * the recovery recipients; its id, if it has one, is to be its own. Out: its
 * id, time of creation, and its own recipient before the others. The password
 * comes last of all: a mailbox that is not durable has none. ERR_STATE: there
 * is one of that id.
 */
int mailbox_create(struct store *s, struct mailbox_conf *conf, unsigned log_n,
		   struct secret *password_r, struct err *e) MUST_USE;

/* The same with a password of password_new() that was kept before. */
int mailbox_create_with(struct store *s, struct mailbox_conf *conf,
			unsigned log_n, const struct secret *password,
			struct err *e) MUST_USE;

/*
 * Changes the settings: change() gets them as they are now and edits them.
 * Where it returns -1, or what it leaves is not valid, nothing changes.
 */
int mailbox_update(struct mailbox *m,
		   int (*change)(struct mailbox_conf *conf, const void *arg,
				 struct err *e),
		   const void *arg, struct err *e) MUST_USE;

/* What opens a mailbox's private key: one of the two. */
struct mailbox_opener {
	const struct secret *password;
	const struct secret
		*recovery; /* a private key of a recovery recipient */
};

/*
 * The keys themselves, the mailbox's own first. ERR_PASSWORD; ERR_STATE: there
 * is no recovery recipient, or the file is of a key that was replaced.
 */
int mailbox_open_key(struct mailbox *m, const struct mailbox_opener *opener,
		     struct secret *private_r, struct err *e) MUST_USE;

/*
 * Adds a recovery recipient: of what arrives from now on, and of the mailbox's
 * key where opener is not NULL (what arrived before opens with the key alone).
 * Adding one that is there with an opener seals the key to it.
 */
int mailbox_recipient_add(struct mailbox *m, const char *recipient,
			  const struct mailbox_opener *opener,
			  struct err *e) MUST_USE;

/*
 * Removes one. With the password the mailbox gets a new key, sealed to those
 * that remain: the removed one opens nothing that comes. Otherwise it is merely
 * no recipient any more, and whoever has it and a copy of identity.recovery.age
 * opens what comes as well: say so before. No file is deleted. The mailbox's
 * own recipient cannot be removed.
 */
int mailbox_recipient_remove(struct mailbox *m, const char *recipient,
			     const struct mailbox_opener *opener,
			     unsigned log_n, struct err *e) MUST_USE;

/*
 * A new key pair under the same password; the old one opens what was sealed to
 * it. ERR_STATE while a new password waits to be used, ERR_BUSY while somebody
 * collects.
 */
int mailbox_rekey(struct mailbox *m, const struct secret *password,
		  unsigned log_n, struct err *e) MUST_USE;

/*
 * A new password. The old one stays valid until the first login with the new
 * one, or until it is confirmed; one that nobody has used gives way. Cancelling
 * drops one that nobody has used. ERR_STATE: there is none to confirm, to
 * cancel.
 */
int mailbox_password_change(struct mailbox *m,
			    const struct mailbox_opener *opener, unsigned log_n,
			    struct secret *password_r, struct err *e) MUST_USE;
int mailbox_password_confirm(struct mailbox *m, struct err *e) MUST_USE;
int mailbox_password_cancel(struct mailbox *m, struct err *e) MUST_USE;

/*
 * Under hold nothing that was deleted goes, and nothing else of the mailbox.
 * When it has returned, whatever was removing something has ended.
 */
int mailbox_set_hold(struct mailbox *m, bool hold, struct err *e) MUST_USE;

struct undo_report {
	uint64_t back;
	uint64_t cut;	/* cut on a full disk: nothing to bring back */
	uint64_t later; /* whose ticket is still to be seen to */
};

/*
 * Brings back what left at `since` or later and still lies in gone/, each as a
 * new message. ERR_BUSY while somebody collects, ERR_FULL where less is free
 * than the reserve (store_set_reserve()). What was done before a failure stays
 * done.
 */
int mailbox_undo(struct mailbox *m, int64_t since, struct undo_report *report_r,
		 struct err *e) MUST_USE;

/* Messages that lie in cur/, counted from the files themselves. */
int mailbox_count(const struct mailbox *m, uint64_t *messages_r,
		  struct err *e) MUST_USE;

/*
 * A new key pair and password for a suspended mailbox whose password is lost.
 * What it holds moves to lost/, with the old identity, and is shown no more.
 * ERR_STATE where it is not suspended, or holds more than `messages`.
 */
int mailbox_reset(struct mailbox *m, uint64_t messages, unsigned log_n,
		  struct secret *password_r, struct err *e) MUST_USE;

/*
 * The new password has been shown: only now may the mailbox be activated.
 * Otherwise it would take mail for a key that nobody can open.
 */
int mailbox_reset_end(struct mailbox *m, struct err *e) MUST_USE;

/*
 * Removes a suspended mailbox, closes it and sets *m to NULL. ERR_STATE where
 * it is not suspended, or holds more than `messages`: then it is all there.
 */
int mailbox_delete(struct mailbox **m, uint64_t messages,
		   struct err *e) MUST_USE;

/*
 * For every mailbox: puts a new password that was logged in with in the old
 * one's place, and makes directories that are missing. Reads nothing that
 * handlers wrote but the mark. -1: not all of them; e is the first failure.
 */
int store_settle(struct store *s, struct err *e) MUST_USE;

/*
 * Makes a store of format 1 one of format 2: `format` first, then each of its
 * mailboxes. *done_r: there was something to do; *waits_r: a new
 * password waits to be used. ERR_BUSY: somebody is in it.
 */
int store_raise_format(const char *path, struct err *e) MUST_USE;
int mailbox_upgrade(struct mailbox *m, bool *done_r, bool *waits_r,
		    struct err *e) MUST_USE;

/*
 * A line in the store's own admin.spool about what is no mailbox's, synced:
 * "KIND time= by=administrator who= how= what= name=".
 */
int store_tell(struct store *s, const char *kind, const char *what,
	       const char *name, struct err *e) MUST_USE;

/*
 * Gives the mailbox an alias, a new one where it has none. Revoked by the
 * second, which is no error where there is none.
 */
int mailbox_alias_make(struct mailbox *m, char alias_r[MAILBOX_ALIAS_LEN + 1],
		       struct err *e) MUST_USE;
int mailbox_alias_remove(struct mailbox *m, struct err *e) MUST_USE;

/* Removes what commands that were killed left behind; *removed_r counts. */
int store_tidy(struct store *s, unsigned *removed_r, struct err *e) MUST_USE;

#endif
