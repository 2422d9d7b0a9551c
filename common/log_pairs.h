/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines of "key=value" for the log. Whatever comes from outside is
 * percent-encoded, so that nobody can write a key of their own.
 */
#ifndef RESTANTE_COMMON_LOG_PAIRS_H
#define RESTANTE_COMMON_LOG_PAIRS_H

struct buf;

/*
 * Appends "key=value", a space before all but the first; nothing for NULL and
 * "". What is too long is cut.
 */
void log_pairs_add(struct buf *out, const char *key, const char *value);

#endif
