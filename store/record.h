/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the records of the lock file share. Pure. */
#ifndef RESTANTE_STORE_RECORD_H
#define RESTANTE_STORE_RECORD_H

#include "common/base.h"

/* FNV-1a, 64 bit: finds torn and never-written records, no attacker. */
uint64_t record_checksum(const uint8_t *bytes, size_t n);

#endif
