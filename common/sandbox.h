/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a process gives up, for good, before it reads its first octet of input.
 */
#ifndef RESTANTE_COMMON_SANDBOX_H
#define RESTANTE_COMMON_SANDBOX_H

#include "common/err.h"

/*
 * From now on: no new socket and no connection but those that are open, no
 * other program, no look into another process. Such calls fail with EPERM. For
 * a proxy's session, once its dialler was forked and the log is open.
 */
int sandbox_no_way_out(struct err *e) MUST_USE;

#endif
