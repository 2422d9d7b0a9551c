/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first include of every file: the build's configuration, the feature
 * macros, what the compiler is told, and the functions nobody may call.
 */
#ifndef RESTANTE_COMMON_BASE_H
#define RESTANTE_COMMON_BASE_H

#include "config.h"

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define MUST_USE		__attribute__((warn_unused_result))
#define NO_RETURN		__attribute__((noreturn))
#define UNUSED			__attribute__((unused))

/*
 * Unbounded or error-blind: buf_* and num_* stand in for them. The library
 * headers above are included before the names are taken away.
 */
#include <stdlib.h>
#undef sprintf /* macros where clang fortifies */
#undef vsprintf
#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets atoi atol atoll

#endif
