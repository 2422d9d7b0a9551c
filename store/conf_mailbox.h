/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mailbox.conf: the settings of one mailbox, read by handlers, written by the
 * administrator's programs, readable by people.
 */
#ifndef RESTANTE_STORE_CONF_MAILBOX_H
#define RESTANTE_STORE_CONF_MAILBOX_H

#include "common/buf.h"
#include "common/conf_value.h"
#include "common/err.h"
#include "common/mailbox_id.h"

enum {
	MAILBOX_CONF_MAX = 256 * 1024, /* octets of the file */
	SESSION_KEY_HEX_LEN = 64,      /* store/seal/session_key.h */
};

struct mailbox_conf {
	char id[MAILBOX_ID_LEN + 1];
	char *name;
	char *description;
	bool suspended;
	int64_t created; /* seconds since 1970 */
	struct conf_strings
		recipients; /* age1…; the first is the mailbox's own */
	char session_key[SESSION_KEY_HEX_LEN + 1]; /* "": none yet */
	struct conf_strings targets;		   /* TARGET of interface.md */
	bool journal_report; /* copies = "journal-report" */
	struct conf_networks allow_from;
	struct conf_strings allow_from_text; /* the same, as written */
	struct conf_strings client_names;
	uint64_t quota;	 /* octets waiting; 0: any number */
	uint64_t rate;	 /* octets an hour; 0: any number */
	unsigned undo;	 /* days that what was deleted can be brought back */
	bool hold;	 /* nothing that was deleted goes */
	unsigned expire; /* days after it was collected; 0: never */
};

/*
 * Reads from the open descriptor fd (not closed); name is the file's, for
 * messages. 0, or -1 and e; m_r needs a release only after 0.
 */
int mailbox_conf_read(int fd, const char *name, struct mailbox_conf *m_r,
		      struct err *e);
void mailbox_conf_release(struct mailbox_conf *m);

/*
 * The whole file as text, values in single quotes, so that they read back.
 * ERR_CONFIG where m holds what a file may not say (e tells what was
 * expected), or where it would be longer than out may grow.
 */
int mailbox_conf_write(const struct mailbox_conf *m, struct buf *out,
		       struct err *e) MUST_USE;

/*
 * Sets one key as `restante mailbox set` does: name, description, copies,
 * allow-from, client-names, quota, rate, undo, expire; the two in the midst are
 * lists joined by commas.
 * -1: e says what was expected, and m is as it was.
 */
int mailbox_conf_set(struct mailbox_conf *m, const char *key, const char *value,
		     struct err *e);

/* TARGET of interface.md, checked alone. */
bool mailbox_target_valid(const char *target, struct err *e);

/* "age1…": the shape of a recipient; whether it is a key, store/ says. */
bool mailbox_recipient_valid(const char *text);

#endif
