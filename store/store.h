/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The only door to the sealed mailboxes. docs/store.md enumerates every state
 * and the one commit point. Ids are "mbx-…" in lower case, ULIDs 26 characters,
 * sizes octets.
 *
 * Everything down to "Collecting" seals and never opens; smtp-journal links
 * no more than that.
 */
#ifndef RESTANTE_STORE_STORE_H
#define RESTANTE_STORE_STORE_H

#include <sys/stat.h>

#include "common/digest.h"
#include "common/err.h"
#include "common/random_id.h"
#include "store/conf_mailbox.h"
#include "store/counters.h"

struct secret;
struct sink;

/* --- the store and its mailboxes ------------------------------------------ */

struct store;

/*
 * Opens the store at path. ERR_TEMP where its `format` file cannot be read:
 * then it is not mounted or not ours to judge, and no mailbox may be called
 * absent. ERR_CONFIG where the format is another one.
 */
struct store *store_open(const char *path, struct err *e) MUST_USE;
void store_free(struct store **s);

/*
 * Mail is not to take the disk below so many free octets (limits.reserve; 0, as
 * it is opened: to the last block). It is asked before every write, so that the
 * reserve holds while messages grow, also by what others write meanwhile.
 */
void store_set_reserve(struct store *s, uint64_t octets);

/*
 * Where ledgers are (ledger.path). Spools wait for the one that is at work
 * there, and mailbox_activity() has its sessions too. Without a call there is
 * none.
 */
void store_set_ledger(struct store *s, const char *path);

/* ERR_FULL where fewer than octets and the reserve are free. */
int store_room(const struct store *s, uint64_t octets, struct err *e) MUST_USE;

/* Calls each(id) for every mailbox, in the order of their ids. */
int store_each_mailbox(struct store *s,
		       int (*each)(const char *id, void *arg, struct err *e),
		       void *arg, struct err *e) MUST_USE;

/* The mailbox that an alias stands for. ERR_ABSENT: there is no such alias. */
int store_alias_id(const struct store *s, const char *alias,
		   char id_r[MAILBOX_ID_LEN + 1], struct err *e) MUST_USE;

/* The alias of a mailbox, "" where it has none. */
int store_alias_of(const struct store *s, const char *id,
		   char alias_r[MAILBOX_ALIAS_LEN + 1], struct err *e) MUST_USE;

struct mailbox;

/*
 * ERR_ABSENT only where the store was read and the mailbox is truly not
 * there; every other trouble is ERR_TEMP or ERR_CONFIG. The mailbox borrows
 * the store.
 */
struct mailbox *mailbox_open(struct store *s, const char *id,
			     struct err *e) MUST_USE;
/*
 * Opens nothing for writing: good for mailbox_settings() and
 * mailbox_counters() alone.
 */
struct mailbox *mailbox_look_at(struct store *s, const char *id,
				struct err *e) MUST_USE;
/* The same, and what lies in it can be listed and read. */
struct mailbox *mailbox_look_into(struct store *s, const char *id,
				  struct err *e) MUST_USE;
/*
 * For a table of all mailboxes: the counters, and the stat(2) of the settings,
 * which tells whether they have changed since somebody read them. Opens one
 * file. False: mailbox_look_at() says why.
 */
bool mailbox_glance(struct store *s, const char *id, struct stat *settings_r,
		    struct counters *counters_r) MUST_USE;
/* Is an open one that of this id, and still where mailbox_open() finds it? */
bool mailbox_is(const struct mailbox *m, const char *id) MUST_USE;
void mailbox_close(struct mailbox **m);

/* Live until the next mailbox_hold(), which reads them anew if they changed. */
const struct mailbox_conf *mailbox_settings(const struct mailbox *m);

/*
 * Holds the mailbox against deletion and a new key (byte 2, shared) from RCPT
 * to the reply, with its settings as they are now. ERR_ABSENT where it has been
 * deleted meanwhile. Released by mailbox_release() or mailbox_close().
 */
int mailbox_hold(struct mailbox *m, struct err *e) MUST_USE;
void mailbox_release(struct mailbox *m);

/*
 * Whether a message of so many octets (0: nobody has said) may come in by the
 * mailbox's own settings, quota and rate. ERR_QUOTA. That is no promise: what
 * is written is held against them as it grows.
 */
int mailbox_room(const struct mailbox *m, uint64_t octets,
		 struct err *e) MUST_USE;

/* How much of them is used: octets, of settings that may be 0 (none). */
struct limits_used {
	uint64_t waiting, quota;
	uint64_t in_the_hour, rate;
};

enum { LIMIT_NEAR_PERCENT = 80 }; /* from here on somebody is told */

enum limit_state { LIMIT_FAR, LIMIT_NEAR, LIMIT_REACHED };

void limits_used(const struct mailbox_conf *settings, const struct counters *c,
		 int64_t now, struct limits_used *used_r);
enum limit_state limit_state(uint64_t used, uint64_t limit);

/* --- keeping a message ---------------------------------------------------- */

enum message_flags {
	MESSAGE_NORMALISED = 1 << 0,  /* N: line ends were mended */
	MESSAGE_UNCONFIRMED = 1 << 1, /* U: upstream's answer never came */
	MESSAGE_DAMAGED = 1 << 2,     /* D: did not open when it was fetched */
};

struct delivery; /* one message being sealed into tmp/ */

/* Starts a message; the header's recipients are the mailbox's keys. */
struct delivery *delivery_begin(struct mailbox *m, struct err *e) MUST_USE;

/*
 * Seals n more octets. ERR_FULL, ERR_QUOTA where there is no room for them.
 * After -1 only delivery_abort() is left.
 */
int delivery_write(struct delivery *d, const uint8_t *bytes, size_t n,
		   struct err *e) MUST_USE;

/*
 * For a proxy's copy: makes the message durable, pending upstream's answer,
 * before upstream gets its last line. delivery_commit() then makes it visible,
 * delivery_abort() drops it; where the process dies in between, or the commit
 * fails, the next login or sweep keeps it with flag U.
 */
int delivery_prepare(struct delivery *d, struct err *e) MUST_USE;

/*
 * Makes the message durable and visible: fsync, link() into cur/, fsync of
 * cur/. THE commit point: 0 means that it may be acknowledged. Frees the
 * delivery and sets *d to NULL in every case; after -1 nothing is visible
 * (what was prepared stays pending).
 */
int delivery_commit(struct delivery **d, unsigned flags,
		    struct err *e) MUST_USE;

/*
 * Where the SHA-256 of the sealed file goes once delivery_commit() has
 * succeeded: what its line says, and what the sender is told.
 */
void delivery_want_digest(struct delivery *d, uint8_t digest_r[DIGEST_SIZE]);

/* Drops it: nothing is left behind. NULL and *d == NULL are allowed. */
void delivery_abort(struct delivery **d);

/* Lets go of a prepared one: the next login or sweep keeps it, flag U. */
void delivery_leave(struct delivery **d);

const char *delivery_ulid(const struct delivery *d);

/* --- what was set aside -----------------------------------------------------
 */

/*
 * What lies in spool/ as "aside.…": it had the name of a spool and was none,
 * and nobody has removed it since. Only somebody with a handler's rights can
 * have put it there.
 */
struct aside {
	char first[64]; /* a name in spool/, or "" */
	size_t n;	/* of the names that were looked at */
};

/*
 * Opens spool/ alone, and looks at some thousands of names. Where it cannot be
 * looked at there is none.
 */
void store_aside_of(struct store *s, const char *id, struct aside *a_r);

/* --- what happened ----------------------------------------------------------
 */

/* One line for the mailbox's own account of what happened. */
struct activity {
	int64_t when;	     /* seconds since 1970 */
	const char *program; /* "smtp-journal" */
	const char *peer;
	const char *outcome; /* of interface.md */
	const char *reason;  /* why something was refused in it; or NULL */
	uint64_t messages;
	uint64_t octets;
	bool refused; /* mail that was for it was not taken */
};

/*
 * Writes what this process has kept in the mailbox since it last did, and
 * activity where not NULL, into the mailbox's spool, and corrects the counters.
 * Waits for nobody for more than a second. -1: nobody minds, the sweep does it.
 */
int mailbox_account(struct mailbox *m, const struct activity *activity,
		    struct err *e);

/* The same, as it is read back; what was too long is cut. */
struct activity_line {
	int64_t when;
	char program[16];
	char peer[64];
	char outcome[16];
	char reason[24]; /* or "" */
	uint64_t messages;
	uint64_t octets;
};

/* Newest first; those of one second in any order. */
struct activity_list {
	struct activity_line *list;
	size_t n;
	bool more; /* there were older ones than it may hold */
};

enum { ACTIVITY_DAYS = 14, ACTIVITY_LINES_MAX = 20000 };

/*
 * Reads the sessions from since to until (what a clock that was ahead has
 * recorded lies behind it). ERR_TEMP. list_r needs a release only after 0.
 */
int mailbox_activity(struct mailbox *m, int64_t since, int64_t until,
		     struct activity_list *list_r, struct err *e) MUST_USE;
void activity_release(struct activity_list *l);

/*
 * What its ledger's last look at it came to (store/ledger/looked.h). False:
 * there is no ledger, or it has not looked yet.
 */
struct looked;
bool mailbox_looked(const struct mailbox *m, struct looked *l_r) MUST_USE;

/* The counters, with one read and no lock. */
int mailbox_counters(const struct mailbox *m, struct counters *counters_r,
		     struct err *e) MUST_USE;

struct sweep_report {
	uint64_t taken_in; /* proxies' copies left behind, kept now */
	uint64_t removed;  /* unfinished messages whose writer is gone */
	uint64_t left;	   /* messages that were collected, and are gone now */
	uint64_t expired;  /* moved to gone/ as the ledger has it */
	uint64_t spools;   /* old ones dropped */
	bool busy;	   /* somebody collects: left for the next time */
};

/*
 * What the handlers' user tidies: tickets, what has left, old spools, and the
 * counters. Cut into steps: what is left over is the next one's.
 */
int mailbox_sweep(struct mailbox *m, struct sweep_report *report_r,
		  struct err *e);

/* --- collecting: opens messages ------------------------------------------- */

struct collection; /* one mailbox, logged in to; a snapshot of its messages */

struct message {
	char ulid[ULID_LEN + 1];
	uint64_t octets; /* exact wire size */
	unsigned flags;	 /* enum message_flags */
	bool marked;	 /* for deletion */
};

/*
 * Logs in: opens the mailbox's private key with the password, takes byte 1,
 * finishes what was killed, and scans cur/ for a snapshot in the order of
 * ULIDs. ERR_PASSWORD for a wrong password and for an unknown id alike, after
 * the same work (2^scrypt_log_n for an unknown one); ERR_BUSY where somebody
 * else collects, and goes on for 5 s more; ERR_TEMP where listing takes too
 * long. The collection borrows the store.
 */
struct collection *collection_login(struct store *s, const char *id,
				    const struct secret *password,
				    unsigned scrypt_log_n,
				    struct err *e) MUST_USE;

/* The same with the mailbox's private key itself, as a recovery key opens it.
 */
struct collection *collection_login_with_key(struct store *s, const char *id,
					     const struct secret *private_key,
					     struct err *e) MUST_USE;

/*
 * Of a mailbox of before, whose session key no setting has: tells the ledger at
 * that path, where it waits for it (store/announce.h). Else it does nothing.
 */
void collection_announce(struct collection *c, const char *ledger);

/* The mailbox collected from; closed with the collection. */
struct mailbox *collection_mailbox(struct collection *c);

/* Ends without deleting anything; wipes the key. */
void collection_free(struct collection **c);

size_t collection_count(const struct collection *c);
/* Message i, counted from 0. */
struct message collection_message(const struct collection *c, size_t i);
/* Marks it for deletion, or no longer. */
void collection_mark(struct collection *c, size_t i, bool marked);

struct reader; /* one message being opened */

/*
 * Opens message i. ERR_DAMAGED where the file's length does not fit its size
 * or it is not sealed to this mailbox, ERR_ABSENT where it is gone.
 */
struct reader *reader_open(struct collection *c, size_t i,
			   struct err *e) MUST_USE;

/*
 * Lends the next part of the message, *n_r == 0 at its proper end. ERR_DAMAGED
 * where it does not open: then the message carries flag D from here on.
 */
int reader_next(struct reader *r, const uint8_t **bytes_r, size_t *n_r,
		struct err *e) MUST_USE;
void reader_close(struct reader **r);

/*
 * Lets go of what is marked, durably, and says in a spool what was fetched and
 * what has left, signed with the mailbox's session key. *removed_r counts what
 * is gone; -1 where some of it is not. Nothing unmarked goes.
 */
int collection_update(struct collection *c, size_t *removed_r,
		      const struct activity *activity, struct err *e) MUST_USE;

/* The end without QUIT: what was fetched and the session are put down. */
int collection_hung_up(struct collection *c, const struct activity *activity,
		       struct err *e);

#endif
