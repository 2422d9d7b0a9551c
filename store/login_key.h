/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a password to a mailbox's keys, as a collector's login does it. */
#ifndef RESTANTE_STORE_LOGIN_KEY_H
#define RESTANTE_STORE_LOGIN_KEY_H

#include "common/secret.h"
#include "store/mailbox_private.h"

/*
 * Opens the envelope in force, and leaves the mark that its password was used
 * before it returns: synced, so that the password before it is over. Takes byte
 * 3 for a moment. keys_r begins with the mailbox's own. ERR_PASSWORD, and what
 * may pass: ERR_TEMP, ERR_BUSY.
 */
int login_key_open(struct mailbox *m, const struct secret *password,
		   struct secret *keys_r, struct err *e) MUST_USE;

/* Whether the key that mail is sealed to now is one of these; it comes first.
 */
int login_key_check(const struct mailbox *m, struct secret *keys,
		    struct err *e) MUST_USE;

#endif
