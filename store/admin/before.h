/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mailboxes of format 1, in a store that is being upgraded. */
#ifndef RESTANTE_STORE_ADMIN_BEFORE_H
#define RESTANTE_STORE_ADMIN_BEFORE_H

/*
 * Whether the upgrade has yet to come to this mailbox. Its keys are not to be
 * changed before: which password was used is known in format 1's way alone.
 */
bool mailbox_is_of_before(int dir);

#endif
