/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The name of a mailbox, which is its sender's credential too, and its alias,
 * for clients whose field for a user name is short: that is no address.
 */
#ifndef RESTANTE_COMMON_MAILBOX_ID_H
#define RESTANTE_COMMON_MAILBOX_ID_H

#include "common/base.h"

/* "mbx-" and 32 lower-case hexadecimal digits. */
enum { MAILBOX_ID_LEN = 36 };

enum { MAILBOX_ALIAS_LEN = 10 }; /* of a-z2-7 */

/* An alias without regard to case; written lower case with its NUL. */
bool mailbox_alias_parse(const char *text, size_t n,
			 char alias_r[MAILBOX_ALIAS_LEN + 1]);

/* "mbx-…" without regard to case; written lower case with its NUL. */
bool mailbox_id_parse(const char *text, size_t n,
		      char id_r[MAILBOX_ID_LEN + 1]);

#endif
