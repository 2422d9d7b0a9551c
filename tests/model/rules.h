/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules of order, each with the scenario that shows what it is for: there,
 * without it, something is lost, comes back or stays for ever. A rule whose
 * absence shows nothing is an error of this table. docs/store-protocol.md
 * explains them; this table and that page name the same ones.
 */
#ifndef MODEL_RULES_H
#define MODEL_RULES_H

/* clang-format off */
#define RULES(X) \
/* a message */ \
X(GONE_NAME, "rotation", "only a name ending in ,F ever goes back to cur/") \
X(CARRY_SYNC, "proxy", "a login syncs the spools before it acts on a line") \
X(SPOOL_SYNC, "proxy", "the sequencer syncs a spool before it takes lines") \
X(SPOOL_DIR, "proxy", "spool/ is synced before the first line of a spool") \
X(LIST_SYNC, "full", "a login syncs cur/ after its scan, then serves") \
X(TICKET_SYNC, "proxy", "cur/ and gone/ are synced before a ticket is entered") \
X(TICKET_MEM, "proxy", "a ticket goes after memory is synced") \
X(TMP_SYNC, "rotation", "tickets, fsync tmp/, then the name in gone/") \
X(SEQ_CARRY, "rotation", "a spool goes when its batches are carried through") \
X(SWEEP_B1, "full-proxy", "sweep acts on a ticket under byte 1") \
X(FOUND, "proxy", "the first run of a boot enters what nobody entered") \
/* a full disk */ \
X(FULL_SYNC, "full", "both directories are synced before a file is cut") \
X(FULL_KEEP, "full", "without a line nothing is unlinked") \
X(PUT_SYNC, "full-proxy", "both directories are synced before a put-back") \
X(ROOM_SYNC, "full", "a line that lets a file in cur/ be cut is synced") \
X(CUT_GONE, "full", "a cut file without a line is entered as gone") \
/* undo */ \
X(UNDO_B1, "undo", "undo holds byte 1, and so does the end of undo") \
X(UNDO_TICKET, "undo", "no undo of a message that has a ticket") \
X(UNDO_SYNC, "undo", "cur/ and gone/ are synced before back is written") \
X(BACK_SYNC, "undo", "admin.spool is synced before a back is finished") \
/* several spools */ \
X(APPEND_NAME, "rotation", "who has the lock looks whether the name is there") \
X(SPOOL_NEXT, "rotation", "the highest number stays: none is used twice") \
X(FORGET_LAST, "rotation", "spool/ is synced before memory forgets a spool") \
/* before there is a ledger */ \
X(KEEP_SYNC, "keeper", "sweep syncs both directories before tickets go") \
X(DROP_CARRIED, "keeper-full", "an old spool goes when its batches are carried") \
X(SWEEP_LINE, "copy", "sweep looks for a batch before it links a ,P") \
X(RENAME_SAME, "copy", "two names of one inode: the source is unlinked") \
/* a ledger that only reads */ \
X(WAIT_LEDGER, "entering", "a spool goes once `taken` covers it") \
X(PLACES_LAST, "entering", "`taken` is written behind the memory it tells of") \
X(ONE_LEDGER, "two-ledgers", "a ledger that finds another at work ends") \
X(EXPIRE_ENTRY, "expiry", "what expires is entered before it is listed") \
X(EXPIRE_HOLD, "expiry-hold", "sweep looks for a hold before it obeys the list") \
X(HOLD_B1, "hold", "sweep reads the settings under byte 1") \
X(HOLD_WAIT, "hold", "hold waits for a sweep before it says that it holds") \
/* another ledger in its place */ \
X(DECIDE_FIRST, "adopt", "memory has what is decided before anything is moved") \
X(ONE_ACT, "adopt", "no act before the one before it is through") \
X(FORMER_SYNC, "adopt", "the folder is synced before files go to former/") \
X(MOVE_SYNC, "adopt", "what was moved is synced before a first entry") \
X(MOVED_FIRST, "adopt", "memory has that all is moved before a first entry") \
X(COUNT_SYNCED, "adopt", "entries are synced before memory counts them") \
X(TELL_FIRST, "adopt", "the host's line is synced before memory settles") \
X(DROP_TOLD, "drop", "the host's line is synced before memory goes") \
X(DROP_MEMORY, "drop", "memory goes behind the files") \
/* keys */ \
X(B3_PASSWD, "passwords", "passwd, too, holds byte 3 as it replaces .next") \
X(LOOK_AGAIN, "passwords", "under byte 3 a login looks: is it in force still?") \
X(IDENT_MARK, "passwords", "without a .next, a login marks identity.age") \
X(SYNC_FIRST, "passwords", "a command syncs first, also with nothing to do") \
X(SYNC_AGAIN, "passwords", "a login syncs a mark that it finds, too") \
X(MARK_SYNC, "passwords", "the mark is synced before +OK") \
X(MARK_STAYS, "passwords", "nobody wipes the mark") \
X(SETTLE_FIRST, "passwords", "every command first promotes what was used") \
X(SHOW_LAST, "passwords", "a password is shown once its file is durable") \
X(KEY_FIRST, "rekey", "identity.age is durable before mailbox.conf") \
X(LOST_NUMBER, "reset", "lost/ is numbered, EEXIST is not done") \
X(LOGIN_RESET, "reset", "no login while reset.unfinished is there") \
X(RESET_MARK, "reset", "behind reset.unfinished only another reset goes on") \
X(LOST_SYNC, "reset", "lost/ is synced before identity.age is replaced") \
/* a mailbox as a whole */ \
X(DELETE_B2, "delete", "delete holds byte 2 exclusively as it counts") \
X(HOLD_LOOK, "delete", "who has byte 2 looks whether it is there still") \
X(RESET_B2, "reset-mail", "reset holds byte 2 exclusively as it moves mail") \
X(CONF_AGAIN, "rekey-mail", "mailbox.conf is read again before the 250") \
/* the upgrade */ \
X(FORMAT_FIRST, "upgrade", "format 2 is written before anything is converted") \
X(FORMAT_SYNC, "upgrade", "and synced before it, too") \
X(UPGRADE_WAIT, "upgrade", "who began with format 1 is waited for") \
X(UPGRADE_SYNC, "upgrade", "cur/ is synced before what lies there is entered") \
X(UPGRADE_B2, "upgrade", "a mailbox is converted under byte 2")

enum Rule {
#define X(name, scenario, says) name,
	RULES(X)
#undef X
	NRULES
};
/* clang-format on */

struct Rules {
	bool on[NRULES];
};

#endif
