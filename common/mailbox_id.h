/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The name of a mailbox, which is its sender's credential too. */
#ifndef RESTANTE_COMMON_MAILBOX_ID_H
#define RESTANTE_COMMON_MAILBOX_ID_H

#include "common/base.h"

/* "mbx-" and 32 lower-case hexadecimal digits. */
enum { MAILBOX_ID_LEN = 36 };

/* "mbx-…" without regard to case; written lower case with its NUL. */
bool mailbox_id_parse(const char *text, size_t n,
		      char id_r[MAILBOX_ID_LEN + 1]);

#endif
