/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every program of ours does first. */
#ifndef RESTANTE_COMMON_LIMIT_PROCESS_H
#define RESTANTE_COMMON_LIMIT_PROCESS_H

/*
 * What is in this process's memory stays there: no core, no debugger. Files are
 * the group's, and a reader that goes away is an error like others. Dies with a
 * temporary failure where that cannot be had.
 */
void limit_process(void);

#endif
