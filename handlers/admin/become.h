/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How root becomes one of the users that a store knows, for good. */
#ifndef RESTANTE_HANDLERS_ADMIN_BECOME_H
#define RESTANTE_HANDLERS_ADMIN_BECOME_H

#include <sys/types.h>

#include "common/err.h"

/*
 * With all groups of that user; one without a name has `group` alone. -1: this
 * process may not, and is nobody else.
 */
int become_user(uid_t uid, gid_t group, struct err *e) MUST_USE;

#endif
