/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files read and written as a whole, where read(2) and write(2) may do less. */
#ifndef RESTANTE_COMMON_READ_ALL_H
#define RESTANTE_COMMON_READ_ALL_H

#include <sys/types.h>

#include "common/buf.h"

/*
 * Appends all that is left in fd. -1: errno says why; EFBIG where out may not
 * grow that far.
 */
int read_all(int fd, struct buf *out) MUST_USE;

/*
 * Reads n octets, or as many as there are. Returns how many; -1: errno says
 * why.
 */
ssize_t read_up_to(int fd, void *out, size_t n) MUST_USE;

/* The same from octet `at` on; where fd stands does not change. */
ssize_t read_up_to_at(int fd, void *out, size_t n, uint64_t at) MUST_USE;

/* Writes n octets. -1: errno says why. */
int write_all(int fd, const void *bytes, size_t n) MUST_USE;

#endif
