/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A configuration file read into a struct by a table of keys. The one file
 * that includes confuse.h is conf_file.c. Nothing is ever printed: fd 2 may
 * be a peer.
 */
#ifndef RESTANTE_COMMON_CONF_FILE_H
#define RESTANTE_COMMON_CONF_FILE_H

#include "common/conf_value.h"
#include "common/err.h"

struct conf_table {
	const struct conf_key *keys;
	size_t n;
};

/*
 * Reads fd (not closed) to its end; name is the file's, for messages. Fills
 * out, which must be all zero; keys that the file does not set get their
 * default. 0, or -1 and e, with file, line, key and what was expected; out
 * needs conf_table_release() in both cases.
 */
int conf_file_read(int fd, const char *name, const struct conf_table *table,
		   void *out, struct err *e) MUST_USE;

/* Frees every member that a key of the table describes. */
void conf_table_release(const struct conf_table *table, void *out);

/* The row of that name, NULL where there is none. section NULL: the top. */
const struct conf_key *conf_table_find(const struct conf_table *table,
				       const char *section, const char *name);

#endif
