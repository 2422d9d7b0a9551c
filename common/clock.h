/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock that deadlines are counted on: nobody sets it. */
#ifndef RESTANTE_COMMON_CLOCK_H
#define RESTANTE_COMMON_CLOCK_H

#include "common/base.h"

/* CLOCK_MONOTONIC in milliseconds. */
int64_t clock_ms(void);

#endif
