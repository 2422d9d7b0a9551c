/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What pop3-proxy has kept already. A message fetched again is kept once; it
 * counts as the same only if server, user and UIDL and the message's own
 * octets are, so that a server which starts its UIDLs anew loses nothing.
 * Only keyed hashes are stored: nobody reads from them who fetched what.
 */
#ifndef RESTANTE_STORE_SEEN_H
#define RESTANTE_STORE_SEEN_H

#include "store/store.h"

struct seen;

/* Where a message came from. uidl "": the server has none. */
struct fetched {
	const char *server;
	const char *user;
	const char *uidl;
};

/* Reads what was kept so far. The mailbox is borrowed. NULL and e. */
struct seen *seen_open(struct mailbox *m, struct err *e) MUST_USE;
void seen_close(struct seen **s);

/* The octets of one message, as the server sent them, unstuffed. */
void seen_begin_message(struct seen *s);
void seen_add_octets(struct seen *s, const uint8_t *bytes, size_t n);

/*
 * Ends the message: commits *d, or drops it where the message was kept
 * before; no two sessions keep the same one. *kept_r says which. As with
 * delivery_commit(), *d is NULL afterwards. -1: it is not kept.
 */
int seen_keep(struct seen *s, const struct fetched *f, struct delivery **d,
	      unsigned flags, bool *kept_r, struct err *e) MUST_USE;

/*
 * The server's whole UIDL list for this user: what is no longer on it is
 * forgotten.
 */
int seen_retain(struct seen *s, const struct fetched *account,
		const char *const *uidls, size_t n, struct err *e);

#endif
