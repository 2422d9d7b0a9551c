/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers and times for people. */
#ifndef RESTANTE_HANDLERS_TOOL_TEXT_H
#define RESTANTE_HANDLERS_TOOL_TEXT_H

#include "common/base.h"

/* "1.5 MiB". */
const char *tool_size(uint64_t octets, char out[16]);
/* "-" for 0, else ISO 8601. */
const char *tool_time(int64_t seconds, char out[24]);
/* "3 days", "2 hours". */
const char *tool_span(int64_t seconds, char out[24]);

/*
 * A line on stderr that is written over, where that is a terminal. all: 0 where
 * nobody knows.
 */
void tool_progress(const char *what, uint64_t done, uint64_t all);
void tool_progress_end(void);

#endif
