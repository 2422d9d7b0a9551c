/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Limits across processes without a daemon that counts: each holder locks one
 * byte of a file, and the kernel gives it back when the holder is gone, however
 * it ended.
 */
#ifndef RESTANTE_COMMON_SLOTS_H
#define RESTANTE_COMMON_SLOTS_H

#include "common/err.h"

/*
 * Takes one of max slots of dir/name, without waiting. Returns a descriptor
 * that holds it until it and every copy of it are closed (a forked child has
 * one). -1: ERR_BUSY where all are taken, ERR_TEMP where the file fails.
 */
int slot_take(const char *dir, const char *name, unsigned max,
	      struct err *e) MUST_USE;

#endif
