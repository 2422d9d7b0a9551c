/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RFC 4180, read strictly: what is no CSV is refused with its line, and nothing
 * is guessed. Lines may end in LF alone. Pure.
 */
#ifndef RESTANTE_HANDLERS_TOOL_CSV_H
#define RESTANTE_HANDLERS_TOOL_CSV_H

#include "common/buf.h"
#include "common/err.h"

/* Where reading is; text belongs to the caller, and has no NUL beyond n. */
struct csv {
	const char *at, *end;
	unsigned line; /* of the record that was read last */
	unsigned next_line;
};

/* The fields of one record. A field may be a password: all are wiped. */
struct csv_record {
	char **fields;
	size_t n;
};

/* A mark of the order of bytes at the beginning is passed over. */
void csv_begin(struct csv *c_r, const char *text, size_t n);

/* 1: a record, to be released; 0: there is none left; -1: e names the line. */
int csv_read(struct csv *c, struct csv_record *r_r, struct err *e) MUST_USE;
void csv_release(struct csv_record *r);

/* Adds a field, quoted where it has to be. False: out may not grow so far. */
bool csv_add(struct buf *out, const char *field) MUST_USE;

#endif
